"""An output of another step, put where the user wants it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from nasdip_core.errors import OptionError, RunError
from nasdip_core.files import make_folder, whole_file
from nasdip_core.imaging.kinds import SUFFIXES
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import files_of, write_picture
from nasdip_core.step import Step, StepContext

NOTE = "written"
"""File in the step's folder that names what it has written, a path a line."""
_TEXT = ("utf-8", "surrogateescape")
"""Names of files may be no UTF-8."""


class Save(Step):
    """Copies a file or a folder; a picture is written anew where the suffix differs."""

    def __init__(self, *, file: str, to: str, replace: bool) -> None:
        self._file = file
        self._to = to
        self._replace = replace

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Write the copy. Raises OptionError where something else is there already."""
        source, target = context.path(self._file), context.path(self._to).absolute()
        if not source.exists():
            raise OptionError(f"option 'file' = {self._file!r}: there is no such file")
        if target.is_dir() and source.is_file():
            target /= source.name
        picture = self._to_convert(source, target)
        paths = _copies(source, target) if picture is None else files_of(picture, target)
        # What this step has written itself makes way.
        note = context.folder / NOTE
        ours = set(note.read_text(*_TEXT).split("\n")) if note.is_file() else set()
        other = next((path for path in paths if path.exists() and str(path) not in ours), None)
        if other is not None and not (self._replace or _same(source, target)):
            raise OptionError(f"option 'to': '{other}' is there already", "say `replace: true`")
        make_folder(target if source.is_dir() else target.parent)
        for stale in map(Path, ours - set(map(str, paths))):
            if target in stale.parents:
                stale.unlink(missing_ok=True)
        with whole_file(note) as draft:
            draft.write_text("\n".join(map(str, paths)), *_TEXT)
        if picture is not None:
            write_picture(picture, target)
        elif source.is_dir():
            try:
                shutil.copytree(source, target, dirs_exist_ok=True)
            except OSError as error:
                raise RunError(f"cannot write to '{target}': {error.strerror or error}") from None
        else:
            with whole_file(target) as draft:
                shutil.copyfile(source, draft)
        return {"file": str(target)}

    def _to_convert(self, source: Path, target: Path) -> Picture | None:
        """Return the picture to be written anew; None: the source is copied as it is."""
        suffixes = {source.suffix.lower(), target.suffix.lower()}
        if source.is_dir() or len(suffixes) == 1 or source.suffix.lower() not in SUFFIXES:
            return None
        if not suffixes <= SUFFIXES.keys():
            raise OptionError(
                f"option 'to' = {self._to!r}: '{target.suffix}' is no suffix of a picture",
                f"known: {', '.join(sorted(SUFFIXES))}",
            )
        return read_picture(str(source))


def _copies(source: Path, target: Path) -> list[Path]:
    """Return what a copy consists of: the file, or the folder and each file in it."""
    if source.is_file():
        return [target]
    files = (path for path in source.rglob("*") if path.is_file())
    return [target, *(target / path.relative_to(source) for path in files)]


def _same(source: Path, target: Path) -> bool:
    """Return whether a file or folder is there already as it would be written."""
    if source.is_dir() and target.is_dir():
        names = [sorted(p.name for p in folder.iterdir()) for folder in (source, target)]
        return names[0] == names[1] and all(_same(source / n, target / n) for n in names[0])
    return source.is_file() and target.is_file() and source.read_bytes() == target.read_bytes()
