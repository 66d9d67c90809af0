"""Writing a picture: whole files or none, and a lossless copy beside a lossy one."""

from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from nasdip_core.errors import RunError
from nasdip_core.files import make_folder, whole_file
from nasdip_core.imaging.encode import encode
from nasdip_core.imaging.kinds import LOSSLESS, SUFFIXES, holds
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack


def write_picture(picture: Picture, path: str | Path) -> list[Path]:
    """Write a picture and return the files: the one asked for, and a lossless copy of a JPEG.

    The suffix chooses the format; one that is not a picture's is kept and the picture's own
    suffix added. An alpha that hides nothing is dropped where the format holds none. The copy
    beside x.jpg is x-lossless.png (.tif for CMYK), as x.png may be the user's. Frames with names
    become a folder of files, none of them lossy. Raises RunError when the format cannot hold the
    picture or the folder cannot be written.
    """
    path = Path(path)
    files = _planned(picture, path)
    folder = _is_folder(picture, path)
    if folder:
        make_folder(path)
    for target, (content, file_format) in files.items():
        data = encode(content, file_format)
        with whole_file(target) as draft:
            draft.write_bytes(data)
    return [path] if folder else list(files)


def files_of(picture: Picture, path: str | Path) -> list[Path]:
    """Return the files that `write_picture` would write; raises what it would."""
    return list(_planned(picture, Path(path)))


def _is_folder(picture: Picture, path: Path) -> TypeGuard[Stack]:
    """Return whether the frames of a picture become a folder of files."""
    return (
        isinstance(picture, Stack) and bool(picture.names) and path.suffix.lower() not in SUFFIXES
    )


def _planned(picture: Picture, path: Path) -> dict[Path, tuple[Picture, str]]:
    """Return the files to write, each with what it holds and its format."""
    if _is_folder(picture, path):
        files: dict[Path, tuple[Picture, str]] = {}
        for frame, name in zip(picture.frames, _frame_names(picture), strict=True):
            files |= _planned(frame, path / name)
        return files
    if path.suffix.lower() not in SUFFIXES:
        path = path.with_name(path.name + picture.suffix)
    file_format = SUFFIXES[path.suffix.lower()]
    if isinstance(picture, Stack) and file_format not in ("TIFF", "NPY"):
        raise RunError(
            f"cannot write {path}: {file_format} does not hold stacks of frames",
            "name a folder, or a file that ends in .tif",
        )
    content = _held(picture, file_format)
    if content is None:
        raise RunError(
            f"cannot write {path}: {file_format} does not hold {picture.mode} pictures of "
            f"{picture.width}x{picture.height}",
            f"use the suffix {picture.suffix}",
        )
    files = {path: (content, file_format)}
    if file_format == "JPEG":
        suffix = ".tif" if _held(content, "PNG") is None else ".png"
        files[path.with_name(f"{path.stem}{LOSSLESS}{suffix}")] = (content, SUFFIXES[suffix])
    return files


def _held(picture: Picture, file_format: str) -> Picture | None:
    """Return what a format holds of a picture: all, or all but an alpha that hides nothing."""
    side = max(picture.height, picture.width)
    if not holds(file_format, picture.mode, side) and picture.is_opaque:
        picture = replace(picture, alpha=None)
    return picture if holds(file_format, picture.mode, side) else None


def _frame_names(stack: Stack) -> list[str]:
    """Return the names of a stack's files, each once.

    A frame keeps its name where that format gives its samples back; else its suffix is changed.
    """
    kept = [_keeps(frame, name) for frame, name in zip(stack.frames, stack.names, strict=True)]
    taken = {name for name, keeps in zip(stack.names, kept, strict=True) if keeps}
    names: list[str] = []
    for frame, name, keeps in zip(stack.frames, stack.names, kept, strict=True):
        if keeps:
            names.append(name)
            continue
        lossless = frame.suffix if frame.kind.lossless else ".png"
        suffix = ".tif" if _held(frame, SUFFIXES[lossless]) is None else lossless
        new, longer = Path(name).with_suffix(suffix).name, name
        while new in taken:  # a.jpg beside a.png
            new = longer = f"{longer}{suffix}"
        taken.add(new)
        names.append(new)
    return names


def _keeps(frame: Picture, name: str) -> bool:
    """Return whether a decoder gives a frame back from a file of this name."""
    file_format = SUFFIXES.get(Path(name).suffix.lower())
    if file_format in (None, "JPEG") or not frame.kind.lossless:
        return False
    return _held(frame, file_format) is not None
