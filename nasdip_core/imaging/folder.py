"""Files of arrays, and folders of frames that are read as one picture (torch-free)."""

from pathlib import Path

from nasdip_core.errors import PictureError

ARRAYS = frozenset({".npy", ".npz", ".csv", ".mat"})
"""Suffixes of files that hold arrays; they are written as .npy."""
_TABLES = frozenset({".csv", ".mat"})
_FRAMES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pgm", ".ppm"})


def frame_files(folder: Path) -> list[Path]:
    """Return the frames of a folder in the order of their names."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _FRAMES and not path.name.startswith(".")
    )


def pictures_in(folder: Path) -> list[Path]:
    """Return the files of a folder that are pictures by their suffix, sorted by name.

    Tables count where there is nothing else: beside pictures they tell of them.
    """
    from PIL import Image

    from nasdip_core.imaging.pillow import FORMATS

    Image.init()
    read = {*FORMATS, "MPO"}  # a JPEG of several frames, as phones write them
    suffixes = ARRAYS | {s for s, name in Image.registered_extensions().items() if name in read}
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise PictureError(f"cannot read the folder '{folder}': {error.strerror}") from None
    return [path for path in found if path.suffix.lower() not in _TABLES] or found
