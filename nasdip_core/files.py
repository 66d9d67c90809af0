"""Files that appear whole or not at all."""

import contextlib
import math
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasdip_core.errors import RunError

_ABANDONED_SECONDS = 600.0


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file beside `path`; when the block ends, flush it and rename it.

    A crash at any moment leaves the old file or the new one; of several processes that write at
    once, the last one's file stays. A link stays one, and a pipe or device is written to. Raises
    RunError where the folder does not take it.
    """
    target = Path(os.path.realpath(path))
    in_place = _is_pipe_or_device(path)
    folder = Path(tempfile.gettempdir()) if in_place else target.parent
    draft = folder / f".nasdip-{secrets.token_hex(6)}.part"
    try:
        draft.touch()
        if not in_place:
            # By the clock of the disk: those of the machines that write there need not agree.
            remove_drafts(folder, draft.stat().st_mtime - _ABANDONED_SECONDS)
        yield draft
        if in_place:
            path.write_bytes(draft.read_bytes())
            draft.unlink()
            return
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        if isinstance(error, OSError):
            raise RunError(f"cannot write '{path}': {error.strerror or error}") from None
        raise


def _is_pipe_or_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing. Raises RunError where it cannot."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to '{path}': {error.strerror or error}") from None


def remove_drafts(folder: Path, before: float = math.inf) -> None:
    """Remove what killed writers left in a folder: drafts untouched since a time, or all."""
    for draft in folder.glob(".nasdip-*.part"):
        with contextlib.suppress(OSError):
            if draft.stat().st_mtime < before:
                draft.unlink()


def cache_folder() -> Path:
    """Return where nasdip keeps what can be made again: `XDG_CACHE_HOME`, else ~/.cache."""
    return folder_of_user("XDG_CACHE_HOME", ".cache")


def folder_of_user(variable: str, usual: str) -> Path:
    """Return nasdip's folder in what a variable names, else in `usual` of the user's home.

    For a user without a home it is one in which nothing can be.
    """
    base = os.environ.get(variable)
    try:
        return (Path(base) if base else Path.home() / usual) / "nasdip"
    except RuntimeError:
        # Not one of the system's temporary folder, where others can put plugins.
        return Path(os.devnull, "nasdip")
