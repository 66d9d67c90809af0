"""Where studies are kept: an SQLite or journal file, a database server, or a proxy of one."""

import re
import sqlite3
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from sqlalchemy import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from nasdip_core.errors import StudyError
from nasdip_core.study.journal import JournalFile
from nasdip_core.study.rows import RowStorage
from nasdip_core.study.servers import (
    DatabaseStorage,
    ProxyStorage,
    cause,
    database_away,
    open_proxy,
    patiently,
    proxy_away,
)

FILE = "study.db"
"""Name of the study's file in the folder of a search."""
_SQLITE = "sqlite:///"
_JOURNAL = "journal:///"
_PROXY = "grpc://"
_POSTGRESQL = re.compile(r"postgres(ql)?://")
_JOURNAL_SUFFIXES = (".journal", ".log")
_SECRETS = (re.compile(r"([?&][^=&]*pass[^=&]*=)[^&]*"), re.compile(r"(://[^:/?@]*:).*(?=@)"))
"""Passwords of a URL, after what is before them: in its query, and of its account."""
_BUSY_SECONDS = 60
"""For how long a process waits while another one writes to an SQLite file."""
_AGAIN_SECONDS = 0.02


def study_url(source: str | Path) -> str:
    """Return the URL of a study that is named by a folder, a file or a URL."""
    text = str(source)
    if "://" in text:
        return text
    path = Path(text)
    if path.is_dir() or not path.suffix:
        path /= FILE
    prefix = _JOURNAL if path.suffix in _JOURNAL_SUFFIXES else _SQLITE
    return f"{prefix}{path.absolute()}"


def study_file(url: str) -> Path | None:
    """Return the file behind a URL; None for a database server."""
    for prefix in (_SQLITE, _JOURNAL):
        if url.startswith(prefix):
            return Path(url.removeprefix(prefix))
    return None


class _Connection(sqlite3.Connection):
    """Is closed with the last that holds it: Optuna drops its own where it cannot use a study."""

    def __del__(self) -> None:
        with suppress(sqlite3.Error):  # it may never have been opened
            self.close()


class _Logged(_Connection):
    """Appends what is written to a log beside the file: a tenth of the time, and readers go on.

    What was written outlives every crash of a process; a power cut may take the last trials.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._write_ahead()
        self.execute("PRAGMA synchronous = NORMAL")

    def _write_ahead(self) -> None:
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # Two that begin at once are told at once: this alone SQLite does not wait for.
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(_AGAIN_SECONDS)
            else:
                return


def open_storage(url: str, *, create: bool = False, searching: bool = False) -> BaseStorage:
    """Open the storage behind a URL, for reading or for `searching` (or to `create` a study).

    Raises StudyError where there is none (and it is not to be created), or it cannot be used.
    """
    path = study_file(url)
    if path is not None and not path.exists():
        if not create:
            raise StudyError(f"there is no study at '{path}'", "`nasdip search` makes one")
        with explained(url):
            path.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with explained(url):
        if path is None:
            _check(url)
        if path is not None and url.startswith(_JOURNAL):
            storage: BaseStorage = JournalStorage(JournalFile(path))
        elif url.startswith(_PROXY):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                storage = _opened(lambda: open_proxy(url), proxy_away, searching)
        elif url.startswith("sqlite:"):
            kind = _Logged if create or searching else _Connection
            storage = _database(url, {"timeout": _BUSY_SECONDS, "factory": kind})
        else:
            storage = _opened(lambda: _database(url, {}), database_away, searching)
        # Optuna keeps finished trials of a database in memory behind this.
        return get_storage(storage)


@contextmanager
def used_storage(
    url: str, *, create: bool = False, searching: bool = False
) -> Iterator[BaseStorage]:
    """Yield the storage behind a URL and close it; what it raises meanwhile is a StudyError."""
    storage = open_storage(url, create=create, searching=searching)
    try:
        yield storage
    except Exception as error:  # not within `explained`: this frame would count as the storage's
        if not of_storage(error):
            raise
        with _told(url):
            raise
    finally:
        with explained(url):
            close_storage(storage, url)


def _check(url: str) -> None:
    """Raise ArgumentError for what is no URL."""
    try:
        host = make_url(url).host or ""
    except ValueError:
        raise ArgumentError("a port that is no number") from None
    if "@" in host:
        raise ArgumentError("a part of the password, which has %40 for it")


def _opened(
    opening: Callable[[], BaseStorage], away: Callable[[BaseException], bool], searching: bool
) -> BaseStorage:
    """Open a storage behind a server; for who searches it was there a moment ago."""
    return patiently(opening, away) if searching else opening()


def _database(url: str, connect: Mapping[str, Any]) -> RowStorage:
    """Open a database; its tables are made where they are not there yet."""
    until = time.monotonic() + _BUSY_SECONDS
    kind = RowStorage if url.startswith("sqlite") else DatabaseStorage
    if url.startswith(_SQLITE):
        # The rest is a path, of which a URL would read some signs otherwise.
        url = _SQLITE + url.removeprefix(_SQLITE).replace("%", "%25").replace("?", "%3F")
    # Which driver a bare name means depends on the version of SQLAlchemy.
    url = _POSTGRESQL.sub("postgresql+psycopg://", url)
    # To Optuna it is a template.
    url = url.replace("{", "{{").replace("}", "}}")
    while True:
        try:
            return kind(url, engine_kwargs={"connect_args": dict(connect)})
        except (DatabaseError, StorageInternalError) as error:
            # What another process made between a look and the making is there at the next look.
            made = isinstance(error, IntegrityError) or "already exists" in str(error)
            if not made or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_SECONDS)


def close_storage(storage: BaseStorage, url: str) -> None:
    """Close a storage; an SQLite file takes in its log, so that it is one file again.

    The log stays where others have the file open: the last of them does it.
    """
    storage.remove_session()
    backend = getattr(storage, "_backend", storage)
    if isinstance(backend, RDBStorage):
        backend.engine.dispose()
    elif isinstance(backend, ProxyStorage):
        backend.close()
    path = study_file(url)
    if url.startswith(_SQLITE) and path is not None and path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=1.0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what Optuna's storage and its database raise into a StudyError of one line.

    What comes out of anything else in the block, a plugin for one, stays what it is.
    """
    try:
        yield
    except Exception as error:
        if not of_storage(error):
            raise
        with _told(url):
            raise


def of_storage(error: Exception) -> bool:
    """Return whether a caught error comes out of a storage, which calls no one else's code."""
    _, *frames = traceback.walk_tb(error.__traceback__)  # the first one is the caller's
    modules = [frame.f_globals.get("__name__", "") for frame, _ in frames]
    return any(module.startswith(("optuna.storages", __name__)) for module in modules)


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError):
        raise StudyError(
            f"'{shown(url)}' is no URL of a study",
            "write a folder, a file, postgresql://USER@HOST/BASE or grpc://HOST:PORT",
        ) from None
    except ImportError as error:
        driver = error.__cause__ or error
        raise StudyError(
            f"the driver for '{shown(url)}' is not installed: {driver}",
            "pip install 'nasdip[postgresql]', 'nasdip[grpc]', or that of your database",
        ) from None
    except (SQLAlchemyError, StorageInternalError, OSError) as error:
        raise _reason(url, error) from None
    except RuntimeError as error:
        # Optuna's word for a file of another version of its own.
        if "schema" not in str(error) and "version" not in str(error):
            raise
        raise StudyError(
            f"the study at '{shown(url)}' was written by another version of Optuna",
            f"`optuna storage upgrade --storage {shown(url)}` can bring it up to date",
        ) from None
    except (ValueError, KeyError) as error:
        if not url.startswith(_JOURNAL) or isinstance(error, DuplicatedStudyError):
            raise
        raise StudyError(f"the study at '{shown(url)}' is damaged: {error}") from None
    except Exception as error:
        # gRPC's, whose types are not there without it: what failed is behind the proxy.
        if not callable(getattr(error, "code", None)):
            raise
        raise _reason(url, error) from None


def shown(url: str) -> str:
    """Return a URL as it can be printed: a file's path, no password."""
    path = study_file(url)
    if path is not None:
        return str(path)
    for secret in _SECRETS:
        url = secret.sub(r"\1***", url)
    return url


def _reason(url: str, error: BaseException) -> StudyError:
    """Return what is wrong with a database, by the first cause that says it."""
    where, text = f"the study at '{shown(url)}'", cause(error)
    if "locked" in text:
        return StudyError(f"{where} is locked by another program", "end that one and try again")
    if "readonly" in text or "read-only" in text or "Permission denied" in text:
        return StudyError(f"{where} cannot be written: it is read-only")
    if "not a database" in text or "malformed" in text or "corrupt" in text:
        return StudyError(f"{where} is damaged: {text}", "take a copy of it, or another --study")
    if "full" in text or "No space" in text:
        return StudyError(f"{where} cannot be written: the disk is full")
    return StudyError(f"{where} cannot be used: {text}")
