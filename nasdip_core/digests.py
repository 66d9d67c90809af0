"""What tells files and folders apart: their contents (torch-free)."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def contents(path: Path, without: Path | None = None) -> str:
    """Return the SHA-256 of a file, or of all files in a folder, with their names.

    Hidden files, which systems leave behind, and those below `without`, which is absolute, are left
    out. Raises OSError.
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for inner in sorted(path.rglob("*")):
        name = inner.relative_to(path)
        hidden = any(part.startswith(".") for part in name.parts)
        if hidden or not inner.is_file() or without in inner.absolute().parents:
            continue
        found.update(f"{name}\0{contents(inner)}\0".encode(errors="surrogateescape"))
    return found.hexdigest()


def by_content(options: Any) -> Any:
    """Return plain options with the hash of a file or folder in place of its absolute path.

    Raises OSError.
    """
    if isinstance(options, Mapping):
        return {key: by_content(value) for key, value in options.items()}
    if isinstance(options, list):
        return [by_content(value) for value in options]
    if isinstance(options, str) and (path := Path(options)).is_absolute() and path.exists():
        return f"sha256:{contents(path)}"
    return options


def texts(value: Any, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every text within options, but those that options named in `without` are set to."""
    if isinstance(value, Mapping):
        value = [
            inner
            for name, inner in value.items()
            if name not in without or isinstance(inner, Mapping)
        ]
    if isinstance(value, list):
        for inner in value:
            yield from texts(inner, without)
    elif isinstance(value, str):
        yield value
