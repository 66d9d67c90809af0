"""Workers as actors of a Ray cluster (Moritz et al., OSDI 2018)."""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nasdip_core.errors import NasdipError, RunError, error_of
from nasdip_core.launcher import Fleet, Launcher
from nasdip_plugins.launcher.processes import PATIENCE_SECONDS, ProcessFleet

_STARTS = 3
"""How often an actor is started again, on another node where its own is gone."""
_ANSWER_SECONDS = 1.0
_TOKEN = "where it asks for a token, set RAY_AUTH_MODE=token and have that in ~/.ray/auth_token"


class Ray(Launcher):
    """Starts each worker on a node that has the processors and the share of a GPU that it wants.

    An actor is only the keeper of a worker's process: a crash of that one takes no actor with it,
    and the end of an actor ends its process. Nodes need nasdip of the same version.
    """

    def __init__(self, *, address: str | None, cpus: float, gpus: float) -> None:
        self._address = address
        self._resources = {"num_cpus": cpus, "num_gpus": gpus}
        self._threads = max(1, int(cpus))

    def threads(self, workers: int) -> int | None:
        """Return as many threads as a worker has processors."""
        return self._threads

    def gpu_memory(self, workers: int) -> float:
        """Return the part of a GPU that a worker asks for; Ray knows of no memory."""
        return min(1.0, self._resources["num_gpus"]) or 1.0

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        """Connect to the cluster, or start one of this machine, and place the workers."""
        try:
            import ray
        except ImportError:
            raise RunError("launcher 'ray' needs Ray", "pip install 'nasdip[ray]'") from None
        mine = not ray.is_initialized()
        if mine:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            # A cluster of this machine alone is nobody else's business.
            alone: dict[str, Any] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
            try:
                with _own_sigterm():
                    ray.init(
                        address=self._address or "local",
                        **({} if self._address else alone),
                        # Ray's own words are many; what went wrong is told by the fleet.
                        logging_level=logging.ERROR,
                        log_to_driver=False,
                    )
            except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
                reason = " ".join(str(error).split())
                hint = _TOKEN if self._address else None
                raise RunError(f"cannot reach the Ray cluster: {reason}", hint) from None
        return _Actors(order, workers, self._resources, mine=mine)


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep the handler of SIGTERM: Ray's would end the command without a word."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


class _Keeper:
    """The actor: keeps one worker's process on its node."""

    def __init__(self, order: Mapping[str, Any], settings: Mapping[str, str], gpus: float) -> None:
        os.environ.update(settings)
        if not gpus:
            # On a node that has some, others have asked for them.
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        self._fleet = ProcessFleet(order, 1)

    def standing(self) -> tuple[int, list[tuple[int, str]]]:
        """Return how many processes run, and the code and words of those that have failed."""
        failures = [(int(e.exit_code), str(e)) for e in self._fleet.failures()]
        return self._fleet.alive(), failures

    def interrupt(self) -> None:
        """End the process after the step that it is at."""
        self._fleet.interrupt()


class _Actors(Fleet):
    def __init__(
        self, order: Mapping[str, Any], workers: int, resources: Mapping[str, float], *, mine: bool
    ) -> None:
        import ray

        self._ray = ray
        self._mine = mine
        keeper: Any = ray.remote(_Keeper).options(max_restarts=_STARTS, **resources)
        # Plugins that are files among them; nodes know nothing of the user's environment.
        settings = {name: text for name, text in os.environ.items() if name.startswith("NASDIP_")}
        told = dict(order), settings, resources["num_gpus"]
        self._actors: list[Any] = [keeper.remote(*told) for _ in range(workers)]
        self._asked: dict[int, Any] = {}
        self._ended: dict[int, list[NasdipError]] = {}

    def alive(self) -> int:
        """Return how many workers run, or wait for a place."""
        left = [i for i in range(len(self._actors)) if i not in self._ended]
        for i in left:
            if i not in self._asked:
                self._asked[i] = self._actors[i].standing.remote()
        answers = list(self._asked.values())
        if answers:
            self._ray.wait(answers, num_returns=len(answers), timeout=_ANSWER_SECONDS)
        for i in left:
            self._take(i)
        return len(self._actors) - len(self._ended)

    def _take(self, i: int) -> None:
        """Take in what an actor has answered; one that is being placed anew has not yet."""
        from ray.exceptions import ActorUnavailableError, GetTimeoutError, RayError

        try:
            running, failures = self._ray.get(self._asked[i], timeout=0)
        except GetTimeoutError:
            return
        except ActorUnavailableError:
            pass
        except RayError as error:
            reason = " ".join(str(error).split())[:200]
            self._ended[i] = [RunError(f"a worker's node or actor is gone: {reason}")]
        else:
            if not running:
                self._ended[i] = [error_of(code, said) for code, said in failures]
                # Its place is for one that waits.
                self._ray.kill(self._actors[i])
        del self._asked[i]

    def failures(self) -> list[NasdipError]:
        """Return what those that ended badly have said last."""
        return [failure for failures in self._ended.values() for failure in failures]

    def interrupt(self) -> None:
        """Send SIGTERM to every process, wait, and end what has not ended by then."""
        asked = [a.interrupt.remote() for i, a in enumerate(self._actors) if i not in self._ended]
        if asked:
            self._ray.wait(asked, num_returns=len(asked), timeout=PATIENCE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End every actor, and the cluster where it was started here."""
        if self._ray.is_initialized():
            for i, actor in enumerate(self._actors):
                self._ended.setdefault(i, [])
                self._ray.kill(actor)
            if self._mine:
                self._ray.shutdown()
