"""What tells files and folders apart: their contents (torch-free)."""

import hashlib
from pathlib import Path


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
