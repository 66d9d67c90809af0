"""What tells two picture files apart (torch-free)."""

import hashlib
from pathlib import Path

from nasdip_core.digests import contents
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
        if not path.is_dir():
            return contents(path)
        # Whatever else lies beside the frames is no part of the picture.
        return hashlib.sha256("".join(map(contents, frame_files(path))).encode()).hexdigest()
    except OSError as error:
        raise PictureError(f"cannot read '{source}': {error.strerror or error}") from None
