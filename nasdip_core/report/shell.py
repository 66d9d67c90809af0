"""What every page has: one HTML file that opens anywhere and loads nothing."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def html_page(
    title: str,
    facts: Iterable[tuple[str, str]],
    notes: Sequence[str],
    body: str,
    *,
    style: str = "",
    script: str = "",
) -> str:
    """Return a page: its title, (name, value) facts and notes as plain text, the rest as HTML."""
    return Template(template("shell.html")).substitute(
        title=escape(title),
        policy=_POLICY + ("; script-src 'unsafe-inline'" if script else ""),
        style=template("style.css") + style,
        facts="".join(_fact(name, value) for name, value in facts),
        notes=_notes(notes),
        body=body,
        script=f"<script>\n{script}\n</script>" if script else "",
    )


def section(name: str, title: str, body: str) -> str:
    """Return a section of HTML under its heading; nothing without a body."""
    if not body:
        return ""
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{body}</section>'


def template(name: str) -> str:
    """Return the text of a file beside this one."""
    return files(__package__).joinpath(name).read_text("utf-8")


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _notes(sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="notes">{items}</ul>' if items else ""
