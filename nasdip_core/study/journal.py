"""Studies in a journal: a file that every worker appends to, whatever becomes of one of them."""

import json
import os
from io import FileIO
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import get_lock_file


class JournalFile(JournalFileBackend):
    """Optuna's file, in which no line is ever joined to one that was cut off.

    A full disk or a power cut leaves such a line; Optuna would then refuse the whole file.
    """

    def __init__(self, path: Path) -> None:
        """Make the file where there is none."""
        # Not every disk has the symbolic links that Optuna would lock with.
        super().__init__(str(path), JournalFileOpenLock(str(path)))
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append a line for each. Raises OSError where there is no room."""
        with get_lock_file(self._lock), self._path.open("rb+", buffering=0) as journal:
            for log in logs:
                _remove_cut_off(journal)
                _write(journal, json.dumps(log, separators=(",", ":")).encode())
                os.fsync(journal.fileno())
                # Readers take what has an end, so it must be safe by then: none is withdrawn.
                _write(journal, b"\n")


def _remove_cut_off(journal: FileIO) -> None:
    """Remove a last line that has no end, and go to the end of the file."""
    size = journal.seek(0, os.SEEK_END)
    if size == 0:
        return
    journal.seek(size - 1)
    if journal.read(1) != b"\n":
        journal.seek(0)
        journal.truncate(journal.readall().rfind(b"\n") + 1)
        journal.seek(0, os.SEEK_END)


def _write(journal: FileIO, content: bytes) -> None:
    """Write all of it: a disk that fills up takes a part first."""
    while content:
        content = content[journal.write(content) :]
