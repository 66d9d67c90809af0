"""An output of another step, put where the user wants it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from nasdip_core.errors import OptionError
from nasdip_core.files import whole_file
from nasdip_core.imaging.kinds import SUFFIXES
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture
from nasdip_core.step import Step, StepContext

NOTE = "written"
"""File in the step's folder that names what it has written."""


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
        # What this step has written itself makes way.
        note = context.folder / NOTE
        ours = note.is_file() and note.read_text("utf-8") == str(target)
        if target.exists() and not (self._replace or ours or _same(source, target)):
            raise OptionError(f"option 'to': '{target}' is there already", "say `replace: true`")
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(note) as draft:
            draft.write_text(str(target), "utf-8")
        suffixes = {source.suffix.lower(), target.suffix.lower()}
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.suffix.lower() in SUFFIXES and target.suffix.lower() not in SUFFIXES:
            raise OptionError(
                f"option 'to' = {self._to!r}: '{target.suffix}' is no suffix of a picture",
                f"known: {', '.join(sorted(SUFFIXES))}",
            )
        elif len(suffixes) > 1 and suffixes <= SUFFIXES.keys():
            write_picture(read_picture(str(source)), target)
        else:
            with whole_file(target) as draft:
                shutil.copyfile(source, draft)
        return {"file": str(target)}


def _same(source: Path, target: Path) -> bool:
    """Return whether a file or folder is there already as it would be written."""
    if source.is_dir() and target.is_dir():
        names = [sorted(p.name for p in folder.iterdir()) for folder in (source, target)]
        return names[0] == names[1] and all(_same(source / n, target / n) for n in names[0])
    return source.is_file() and target.is_file() and source.read_bytes() == target.read_bytes()
