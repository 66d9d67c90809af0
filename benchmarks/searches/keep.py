"""Take a study that is not finished along, without the folders of the machine it was begun on.

    python benchmarks/searches/keep.py FOLDER/search/study.db FILE.sql.gz
    python benchmarks/searches/keep.py FILE.sql.gz FOLDER/search/study.db

The first writes down what is done, while the search runs or after it was stopped. After the second
the command of the search, with the same FOLDER, goes on with its trials.
"""

import argparse
import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

from nasdip_core.files import whole_file

FORGET = (
    "DELETE FROM study_user_attributes WHERE key = 'nasdip:order'",
    "UPDATE trial_system_attributes SET value_json = json_set(value_json, '$.host', 'elsewhere') "
    "WHERE key = 'nasdip:lease'",
)
"""The paths of a machine, which the command that goes on writes anew, and its name."""


def keep(study: Path, file: Path) -> None:
    """Write a study as SQL, compressed. Raises sqlite3.Error where it cannot be read."""
    with (
        closing(sqlite3.connect(f"{study.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        for statement in FORGET:
            copy.execute(statement)
        copy.commit()
        lines = "\n".join(copy.iterdump())
    with whole_file(file) as draft:
        draft.write_bytes(gzip.compress(lines.encode(), mtime=0))


def take(file: Path, study: Path) -> None:
    """Make a study of what was kept. Raises FileExistsError where there is one."""
    if study.exists():
        raise FileExistsError(f"there is a study in '{study}'")
    study.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(study) as draft, closing(sqlite3.connect(draft)) as made:
        made.executescript(gzip.decompress(file.read_bytes()).decode())


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    work = take if options.source.suffix == ".gz" else keep
    try:
        work(options.source, options.target)
    except (OSError, sqlite3.Error) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
