"""Files of arrays, and folders of frames that are read as one picture (torch-free)."""

from pathlib import Path

ARRAYS = frozenset({".npy", ".npz", ".csv", ".mat"})
"""Suffixes of files that hold arrays; they are written as .npy."""
_FRAMES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pgm", ".ppm"})


def frame_files(folder: Path) -> list[Path]:
    """Return the frames of a folder in the order of their names."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _FRAMES and not path.name.startswith(".")
    )
