"""What pages say to do can be done: blocks, commands, folders and links."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pages import FENCE, PAGES, ROOT, TEXTS, anchors, blocks, commands, rows

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.cli import app
from nasdip_core.options import from_dotted, merge, parse
from nasdip_core.pipeline.document import Pipeline
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins

COMMANDS = [(page, words) for page, text in TEXTS.items() for words in commands(text)]


def test_there_is_something_to_hold() -> None:
    assert set(PAGES) >= {"architectures", "guide", "hooks", "plugins"}
    assert len(COMMANDS) > 50
    assert len(rows(PAGES["hooks"])) > 20


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_python_blocks_compile(page: Path) -> None:
    for block in blocks(TEXTS[page], "python"):
        compile(block, str(page), "exec")


def test_yaml_blocks_are_what_they_claim(plugins: Plugins) -> None:
    kinds = []
    for page, text in TEXTS.items():
        for block in blocks(text, "yaml"):
            content = yaml.safe_load(block)
            if page.stem == "cluster":
                continue  # files of Ray and Kubernetes
            if "steps" in content:
                for step in Pipeline.model_validate(content).steps:
                    if not step.uses.startswith("task."):
                        plugins.find("step", step.uses.removeprefix("step."))
                        continue
                    if "${" in str(step.with_):
                        continue  # what another step makes is not there yet
                    request = parse(RestoreRequest, step.with_, "")
                    resolve(step.uses.removeprefix("task."), request, plugins, Path())
            else:
                NamedArchitecture.model_validate(content)
            kinds.append((page.stem, "steps" in content))
    assert {("guide", True), ("architectures", False), ("plugins", False)} <= set(kinds)


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=str)
def test_commands_and_flags_exist(page: Path, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    group = hasattr(command, "commands") and not command.invoke_without_command
    assert not group, f"{page}: '{words}' is no command"
    command.make_context(command.name, list(words))  # raises for what it does not know


def test_the_options_of_commands_exist(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = next(b for b in blocks(PAGES["architectures"], "yaml") if "architecture:" in b)
    (tmp_path / "mine.yaml").write_text(network, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run: Any = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]  # a group
    resolved = 0
    for page in ("guide", "architectures"):
        for words in commands(PAGES[page]):
            given = run.make_context("run", words[1:]).params if words[0] == "run" else {}
            if not given or (given["source"] or "").endswith(".yaml"):
                continue
            keys = ("mask", "truth", "arch", "preset", "seed", "device", "seconds")
            content = {key: given[key] for key in keys}
            content = {key: value for key, value in content.items() if value is not None}
            if given["source"] is not None:
                content["picture"] = given["source"]
            content = merge(content, from_dotted(given["settings"] or []))
            resolve(given["task"], parse(RestoreRequest, content, ""), plugins, tmp_path)
            resolved += 1
    assert resolved > 30


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_no_two_runs_of_a_page_share_a_folder(page: Path) -> None:
    """Who types the commands one after the other is not told that a folder is taken."""
    taken: dict[str, list[str]] = {}
    for words in commands(TEXTS[page]):
        if words[0] != "run" or {"--dry-run", "--resume", "--force"} & set(words):
            continue
        if "-o" in words:
            output = words[words.index("-o") + 1]
        elif "--task" in words:
            picture = "demonstration" if words[1] == "--task" else Path(words[1]).stem
            output = f"{picture} {words[words.index('--task') + 1]}"
        else:
            output = words[1]
        taken.setdefault(output, []).append(" ".join(words))
    assert {output: runs for output, runs in taken.items() if len(runs) > 1} == {}


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(FENCE, "", TEXTS[page])):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = ROOT / page if not path else ROOT / os.path.normpath(page.parent / path)
        assert linked.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), f"{page}: {target}"
