"""The pages of the documentation, and what stands in them."""

import re
import shlex
from pathlib import Path

from nasdip_core.cli.guests import plugins_first

ROOT = Path(__file__).parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
TEXTS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    )
}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, *languages: str) -> list[str]:
    """Return the fenced blocks of some languages."""
    return [body for language, body in FENCE.findall(text) if language in languages]


def commands(text: str) -> list[list[str]]:
    """Return the words of every `nasdip` command in shell blocks, without `nasdip` itself."""
    found = []
    for block in blocks(text, "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            # A sign within a word, as in STUDY#best, begins no comment.
            words = shlex.split(re.sub(r"(^|\s)#.*", "", line.removeprefix("$ ")))
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words and words[0] == "nasdip":
                words = plugins_first(words[1:])
                found.append(words[2:] if words[0] == "--plugin" else words)
    return found


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of all tables by their first cell, marks of code left out."""
    table = {}
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            first, *others = [cell.strip().strip("`") for cell in line.strip("| ").split(" |")]
            table[first] = others
    return table


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(FENCE, "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
