"""What tells two picture files apart (torch-free)."""

import hashlib
from pathlib import Path

import numpy as np

from nasdip_core.errors import PictureError
from nasdip_core.imaging.folder import frame_files
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.samples import PREFIX, sample_path
from nasdip_core.imaging.stack import Stack


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


def digest_of_samples(picture: Picture) -> str:
    """Return a SHA-256 of the samples of a picture or stack, and of their type and shape."""
    found = hashlib.sha256()
    for frame in picture.frames if isinstance(picture, Stack) else (picture,):
        for samples in [frame.colour] if frame.alpha is None else [frame.colour, frame.alpha]:
            found.update(f"{samples.dtype} {samples.shape} ".encode())
            found.update(np.ascontiguousarray(samples).data)
    return found.hexdigest()
