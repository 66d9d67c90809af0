"""Writing a picture: whole files or none, and a lossless copy beside a lossy one."""

from dataclasses import replace
from pathlib import Path

from nasdip_core.errors import RunError
from nasdip_core.files import whole_file
from nasdip_core.imaging.encode import encode
from nasdip_core.imaging.kinds import SUFFIXES, holds
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack


def write_picture(picture: Picture, path: str | Path) -> list[Path]:
    """Write a picture and return the files: the one asked for, and a lossless copy of a JPEG.

    The suffix chooses the format; one that is not a picture's is kept and the picture's own
    suffix added. An alpha that hides nothing is dropped where the format holds none. The copy
    beside a JPEG is a PNG (a TIFF for CMYK) of the same stem. Frames with names become a folder of
    files, none of them lossy. Raises RunError when the format
    cannot hold the picture or the folder cannot be written.
    """
    path = Path(path)
    if isinstance(picture, Stack) and picture.names and path.suffix.lower() not in SUFFIXES:
        return _write_frames(picture, path)
    if path.suffix.lower() not in SUFFIXES:
        path = path.with_name(path.name + picture.suffix)
    side = max(picture.height, picture.width)
    file_format = SUFFIXES[path.suffix.lower()]
    if isinstance(picture, Stack) and file_format not in ("TIFF", "NPY"):
        raise RunError(
            f"cannot write {path}: {file_format} does not hold stacks of frames",
            "name a folder, or a file that ends in .tif",
        )
    if not holds(file_format, picture.mode, side) and picture.is_opaque:
        picture = replace(picture, alpha=None)
    if not holds(file_format, picture.mode, side):
        raise RunError(
            f"cannot write {path}: {file_format} does not hold {picture.mode} pictures of "
            f"{picture.width}x{picture.height}",
            f"use the suffix {picture.suffix}",
        )
    files = {path: encode(picture, file_format)}
    if file_format == "JPEG":
        suffix = ".png" if holds("PNG", picture.mode, side) else ".tif"
        files[path.with_suffix(suffix)] = encode(picture, SUFFIXES[suffix])
    for target, data in files.items():
        with whole_file(target) as draft:
            draft.write_bytes(data)
    return list(files)


def _write_frames(stack: Stack, folder: Path) -> list[Path]:
    """Write a folder of frames under their names."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write '{folder}': {error.strerror or error}") from None
    for frame, name in zip(stack.frames, stack.names, strict=True):
        lossless = frame.kind.lossless
        # A decoder would give back other samples, of the known pixels too.
        write_picture(frame, folder / name) if lossless else _write_lossless(frame, folder / name)
    return [folder]


def _write_lossless(frame: Picture, path: Path) -> None:
    suffix = ".tif" if frame.kind.model == "cmyk" else ".png"
    write_picture(frame, path.with_suffix(suffix))
