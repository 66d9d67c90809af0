"""Storages behind a server, which may be away for a while: its clients wait."""

import functools
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from optuna.storages import BaseStorage, GrpcStorageProxy
from sqlalchemy.exc import InterfaceError, OperationalError

from nasdip_core.errors import StudyError
from nasdip_core.study.rows import RowStorage

PATIENCE_SECONDS = 600.0
"""For how long a server may be away."""
_AGAIN_SECONDS = 1.0
_READY_SECONDS = 10.0
_PORT = 13000
"""Optuna's own choice for its proxy."""
_CACHED = ("_create_new_trial", "_set_trial_param", "_get_trials", "_get_best_trial_id")
"""What Optuna's cache calls beside the methods of the contract."""

_S = TypeVar("_S", bound=BaseStorage)
_log = logging.getLogger(__name__)


def _patient(
    methods: Iterable[str], away: Callable[[BaseException], bool]
) -> Callable[[type[_S]], type[_S]]:
    """Make methods of a storage wait while its server is away.

    What was cut off may have been done: then it is refused or done again, and a trial that was
    asked for twice is one that nobody works on. Both are met anyway.
    """

    def waiting(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            until = None
            while True:
                try:
                    return method(*args, **kwargs)
                except Exception as error:
                    if not away(error):
                        raise
                    if until is None:
                        until = time.monotonic() + PATIENCE_SECONDS
                        _log.warning("the server of the study is away; waiting for it")
                    if time.monotonic() > until:
                        raise StudyError(
                            f"the server of the study has been away for {PATIENCE_SECONDS:.0f} s"
                        ) from None
                time.sleep(_AGAIN_SECONDS)

        return call

    def made(storage: type[_S]) -> type[_S]:
        for name in methods:
            setattr(storage, name, waiting(getattr(storage, name)))
        return storage

    return made


def _database_away(error: BaseException) -> bool:
    # Optuna wraps what is met at a commit, and nothing else.
    kinds = (OperationalError, InterfaceError)
    return isinstance(error, kinds) or isinstance(error.__cause__, kinds)


def _proxy_away(error: BaseException) -> bool:
    code = getattr(error, "code", None)
    return callable(code) and getattr(code(), "name", "") == "UNAVAILABLE"


@_patient((*BaseStorage.__abstractmethods__, *_CACHED), _database_away)
class DatabaseStorage(RowStorage):
    """A database server."""


@_patient(BaseStorage.__abstractmethods__, _proxy_away)
class ProxyStorage(GrpcStorageProxy):
    """Optuna's gRPC proxy, which stands between many workers and one database."""


def open_proxy(url: str) -> ProxyStorage:
    """Open grpc://HOST:PORT.

    Raises ConnectionError where nobody answers, ImportError without gRPC.
    """
    import grpc  # noqa: F401  # Optuna would fail at the first call

    place = urlsplit(url)
    storage = ProxyStorage(host=place.hostname or "localhost", port=place.port or _PORT)
    storage.wait_server_ready(_READY_SECONDS)
    return storage
