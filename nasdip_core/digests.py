"""What tells files and folders apart: their contents (torch-free)."""

import hashlib
from pathlib import Path


def contents(path: Path, without: Path | None = None) -> str:
    """Return the SHA-256 of a file, or of all files in a folder, with their names.

    Files below `without`, which is absolute, are left out. Raises OSError.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and (without is None or without not in inner.absolute().parents):
            found.update(f"{inner.relative_to(path)}\0{contents(inner)}\0".encode(errors="replace"))
    return found.hexdigest()
