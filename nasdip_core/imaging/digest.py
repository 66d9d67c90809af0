"""What tells two picture files apart (torch-free)."""

import hashlib
from pathlib import Path

from nasdip_core.errors import PictureError
from nasdip_core.imaging.samples import PREFIX, sample_path


def digest(source: str) -> str:
    """Return the SHA-256 of a picture's file. Raises PictureError where it cannot be read."""
    bundled = source.startswith(PREFIX)
    path = sample_path(source.removeprefix(PREFIX)) if bundled else Path(source)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PictureError(f"cannot read '{source}': {error.strerror or error}") from None
