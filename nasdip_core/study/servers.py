"""Storages behind a server, which may be away for a while: its clients wait."""

import functools
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from optuna.storages import BaseStorage, GrpcStorageProxy
from sqlalchemy import make_url
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError

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

_LASTING = ("28", "53100")
"""What the codes of errors begin with that waiting does not mend: the account, a full disk."""
_REFUSALS = ("password", "authentication", "pg_hba.conf", "does not exist")
"""Words of a database that refuses a connection for good, which it gives no code."""

_S = TypeVar("_S", bound=BaseStorage)
_R = TypeVar("_R")
_log = logging.getLogger(__name__)


def patiently(call: Callable[[], _R], away: Callable[[BaseException], bool]) -> _R:
    """Return what `call` returns; wait while its server is away.

    Raises StudyError where the server stays away.
    """
    until = None
    while True:
        try:
            return call()
        except Exception as error:
            if not away(error):
                raise
            if until is None:
                until = time.monotonic() + PATIENCE_SECONDS
                _log.warning("the server of the study is away; waiting for it (%s)", cause(error))
            if time.monotonic() > until:
                raise StudyError(
                    f"the server of the study has been away for {PATIENCE_SECONDS:.0f} s: "
                    f"{cause(error)}"
                ) from None
        time.sleep(_AGAIN_SECONDS)


def cause(error: BaseException) -> str:
    """Return what is at the bottom of an error of Optuna or a database, in one line."""
    causes: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in causes:
        causes.append(current)
        current = getattr(current, "orig", None) or current.__cause__ or current.__context__
    # gRPC's own text is a page.
    details = getattr(causes[-1], "details", None)
    return " ".join(str(details() if callable(details) else causes[-1]).split())


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
            return patiently(lambda: method(*args, **kwargs), away)

        return call

    def made(storage: type[_S]) -> type[_S]:
        for name in methods:
            setattr(storage, name, waiting(getattr(storage, name)))
        return storage

    return made


def database_away(error: BaseException) -> bool:
    """Return whether an error says that a database does not answer."""
    # Optuna wraps what is met at a commit, and asks again, before it has rolled back, where it
    # was cut off in the midst of reading trials.
    kinds = (OperationalError, InterfaceError, PendingRollbackError)
    met = error if isinstance(error, kinds) else error.__cause__
    if not isinstance(met, kinds):
        return False
    told = getattr(met, "orig", None)
    code = getattr(told, "sqlstate", None)
    if code is None:  # as at connecting
        return not any(word in str(told) for word in _REFUSALS)
    return not code.startswith(_LASTING)


def proxy_away(error: BaseException) -> bool:
    """Return whether an error says that a proxy does not answer."""
    code = getattr(error, "code", None)
    unavailable = callable(code) and getattr(code(), "name", "") == "UNAVAILABLE"
    return unavailable or isinstance(error, ConnectionError)


@_patient((*BaseStorage.__abstractmethods__, *_CACHED), database_away)
class DatabaseStorage(RowStorage):
    """A database server."""


@_patient(BaseStorage.__abstractmethods__, proxy_away)
class ProxyStorage(GrpcStorageProxy):
    """Optuna's gRPC proxy, which stands between many workers and one database."""


def open_proxy(url: str) -> ProxyStorage:
    """Open grpc://HOST:PORT.

    Raises ConnectionError where nobody answers, ImportError without gRPC.
    """
    import grpc  # noqa: F401  # Optuna would fail at the first call

    place = make_url(url)
    storage = ProxyStorage(host=place.host or "localhost", port=place.port or _PORT)
    storage.wait_server_ready(_READY_SECONDS)
    return storage
