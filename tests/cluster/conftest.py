"""Searches of seconds by real processes, and the servers that they need."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import event
from sqlalchemy.pool import Pool

sys.path.insert(0, str(Path(__file__).parent))

from commands import Cluster
from postgresql import Server, binaries


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Every connection of a test ends with it: the drivers warn of those that are forgotten."""
    opened: list[Any] = []

    def note(connection: Any, _: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", note)
    yield
    event.remove(Pool, "connect", note)
    for connection in opened:
        with suppress(Exception):  # SQLite's are those of a thread that may be gone
            connection.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server that answers."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = binaries()
    if programs is None:
        pytest.skip("the programs of a PostgreSQL server are not installed")
    server = Server(programs)
    yield server
    server.remove()


@pytest.fixture
def picture(tmp_path: Path, waves: np.ndarray) -> Path:
    """The picture that is searched for, 32 x 32, the least that five levels take."""
    path = tmp_path / "small.png"
    Image.fromarray(np.vstack([waves, waves[:8]])).save(path)
    return path


@pytest.fixture
def cluster(picture: Path) -> Iterator[Cluster]:
    """Searches in a folder of their own."""
    made = Cluster(picture)
    yield made
    made.end()
