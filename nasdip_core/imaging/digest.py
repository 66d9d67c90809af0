"""What tells two picture files apart (torch-free)."""

import hashlib
from pathlib import Path

from nasdip_core.errors import PictureError
from nasdip_core.imaging.folder import frame_files
from nasdip_core.imaging.samples import PREFIX, sample_path


def digest(source: str) -> str:
    """Return the SHA-256 of a picture's file, or of the files of a folder of frames.

    Raises PictureError where it cannot be read.
    """
    bundled = source.startswith(PREFIX)
    path = sample_path(source.removeprefix(PREFIX)) if bundled else Path(source)
    try:
        files = frame_files(path) if path.is_dir() else [path]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    except OSError as error:
        raise PictureError(f"cannot read '{source}': {error.strerror or error}") from None
