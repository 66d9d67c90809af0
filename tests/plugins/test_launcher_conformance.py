"""Every launcher keeps its contract."""

import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch

from nasdip_core.errors import ExitCode, OptionError, RunError, StudyError
from nasdip_core.launcher import Fleet, Launcher, chosen_launcher
from nasdip_core.plugins import Plugins
from nasdip_core.resources import keep_to_share_of_memory, memory_at_hand
from nasdip_core.testing import LauncherConformance
from nasdip_core.worker import work
from nasdip_plugins.launcher.processes import Processes, ProcessFleet

HALF = {"launcher": {"uses": "ray", "with": {"cpus": 0.5}}}
"""Two workers have room on one processor."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TestProcesses(LauncherConformance):
    @pytest.fixture
    def launcher(self, plugins: Plugins) -> Launcher:
        return chosen_launcher({}, plugins)


@pytest.fixture(scope="class")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cluster of one processor, for several tests: it takes longer to start than they do."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.MonkeyPatch.context() as patch:
        # Its processes have the environment of now, which is the user's own yet.
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        handler = signal.getsignal(signal.SIGTERM)
        ray.init(
            num_cpus=1,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            log_to_driver=False,
        )
        signal.signal(signal.SIGTERM, handler)
        yield
        ray.shutdown()


@pytest.mark.usefixtures("cluster")
class TestRay(LauncherConformance):
    """In a cluster that is there."""

    @pytest.fixture
    def launcher(self, plugins: Plugins) -> Launcher:
        return chosen_launcher(HALF, plugins)

    def test_a_worker_that_has_ended_leaves_its_place_to_one_that_waits(
        self, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Refused:
            """Keeps a worker that has ended as soon as it began."""

            def __init__(self, *_: object) -> None:
                pass

            def standing(self) -> tuple[int, list[tuple[int, str]]]:
                return 0, [(int(ExitCode.STUDY), "another version")]

        monkeypatch.setattr("nasdip_plugins.launcher.ray._Keeper", Refused)
        fleet = chosen_launcher({"launcher": "ray"}, plugins).launch({}, 2)
        until = time.monotonic() + 30
        while fleet.alive() and time.monotonic() < until:
            time.sleep(0.05)
        assert [str(failure) for failure in fleet.failures()] == ["another version"] * 2
        fleet.kill()

    # Seen in one of its own below, and in one that is there by the tests of a cluster.
    test_does_the_work = None  # type: ignore[assignment]

    def test_leaves_a_cluster_that_it_has_not_started(
        self, launcher: Launcher, order: dict[str, Any]
    ) -> None:
        import ray

        launcher.launch(order, 1).kill()
        assert ray.is_initialized()


class TestRayOfThisMachine(LauncherConformance):
    """In a cluster of this machine that the launcher starts, and ends."""

    @pytest.fixture
    def launcher(self, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
        """Return one that takes no signal from the command when it starts the cluster."""
        ray = pytest.importorskip("ray", reason="Ray is not installed")
        launcher = chosen_launcher(HALF, plugins)
        launch, fleets = launcher.launch, []

        def checked(order: Mapping[str, Any], workers: int) -> Fleet:
            handlers = [signal.getsignal(number) for number in SIGNALS]
            fleets.append(launch(order, workers))
            assert [signal.getsignal(number) for number in SIGNALS] == handlers
            return fleets[0]

        monkeypatch.setattr(launcher, "launch", checked)
        yield launcher
        assert not ray.is_initialized()
        for fleet in fleets:
            fleet.kill()  # twice is once

    # As in a cluster that is there: each start takes many seconds.
    test_tells_why_a_worker_failed = test_ends_when_it_is_told_to = None  # type: ignore[assignment]


@pytest.mark.parametrize("kind", ["RayError", "ConnectionError"])
@pytest.mark.parametrize("address", ["10.0.0.1:6379", None])
def test_a_cluster_that_lets_nobody_in_is_told_with_what_it_may_want(
    kind: str, address: str | None, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")

    def refuse(**_: object) -> None:
        raise getattr(ray.exceptions, kind, ConnectionError)("no\nentry")

    monkeypatch.setattr(ray, "init", refuse)
    options = {"launcher": {"uses": "ray", "with": {"address": address}}}
    with pytest.raises(RunError, match="cannot reach the Ray cluster: no entry") as told:
        chosen_launcher(options, plugins).launch({}, 1)
    assert ("RAY_AUTH_MODE" in str(told.value)) == (address is not None)


@pytest.mark.usefixtures("dead_processes")
@pytest.mark.parametrize("length", [1, 10**6])
def test_a_worker_that_dies_before_it_reads_its_order_has_failed(length: int) -> None:
    fleet = ProcessFleet({"much": "x" * length}, 1)
    while fleet.alive():
        time.sleep(0.01)
    assert len(fleet.failures()) == 1
    fleet.kill()


def test_what_a_worker_may_take(plugins: Plugins) -> None:
    """Of one machine an equal part; of a cluster what it asks for."""
    processes = chosen_launcher({}, plugins)
    assert [processes.gpu_memory(n) for n in (1, 4)] == [1.0, 0.25]
    assert processes.threads(1) is None
    assert processes.threads(10**6) == 1
    for asked, threads, memory in (({}, 1, 1.0), ({"cpus": 2.5, "gpus": 0.25}, 2, 0.25)):
        ray = chosen_launcher({"launcher": {"uses": "ray", "with": asked}}, plugins)
        assert (ray.threads(64), ray.gpu_memory(64)) == (threads, memory)


def test_options_of_a_launcher_are_checked(plugins: Plugins) -> None:
    with pytest.raises(OptionError, match="did you mean 'cpus'"):
        chosen_launcher({"launcher": {"uses": "ray", "with": {"cpu": 1}}}, plugins)
    for gpus in (-1, 1.5):
        with pytest.raises(OptionError, match=f"gpus' = {gpus}"):
            chosen_launcher({"launcher": {"uses": "ray", "with": {"gpus": gpus}}}, plugins)
    for gpus in (0.25, 1, 2):
        assert chosen_launcher({"launcher": {"uses": "ray", "with": {"gpus": gpus}}}, plugins)


def test_a_worker_takes_no_more_than_its_part(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a GPU, and of main memory as of the cores."""
    taken: list[float] = []
    monkeypatch.setattr("nasdip_core.worker.cores", lambda: 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", taken.append)
    order = {"work": "search", "study": "none.db", "name": "x", "threads": 1, "gpu_memory": 0.25}
    with pytest.raises(StudyError):
        work(order, plugins)
    assert taken == [0.25]
    quarter = memory_at_hand(torch.device("cpu"))
    keep_to_share_of_memory(1.0)
    assert quarter < memory_at_hand(torch.device("cpu"))


def test_more_workers_than_cores_share_the_memory(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr("nasdip_core.worker.cores", lambda: 2)
    monkeypatch.setattr("nasdip_plugins.launcher.processes.cores", lambda: 2)
    monkeypatch.setattr("nasdip_core.worker.keep_to_share_of_memory", shares.append)
    launcher = Processes()
    for workers in (2, 4):
        means = {"threads": launcher.threads(workers), "gpu_memory": launcher.gpu_memory(workers)}
        with pytest.raises(StudyError):
            work({"work": "search", "study": "none.db", "name": "x", **means}, plugins)
    assert shares == [0.5, 0.25]
