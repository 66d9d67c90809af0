"""A cluster of several nodes on this machine, one of which is taken away while it works."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import finished

import nasdip_core
from nasdip_core.searching.progress import Progress
from nasdip_core.study.records import History
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study

TRIALS = 4


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A cluster whose head has no processors to give, and two nodes with one each."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    # Else Ray takes a loopback address for that of the network, which is nobody's business here.
    monkeypatch.setattr("ray._private.ray_constants.ENABLE_RAY_CLUSTER", False)
    here = "127.0.0.1"
    head = {"num_cpus": 0, "node_ip_address": here, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    added = [cluster.add_node(num_cpus=1, node_ip_address=here) for _ in range(2)]
    ray.init(address=cluster.address, log_to_driver=False, _node_ip_address=here)
    cluster.wait_for_nodes()
    yield [cluster, *added]
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def strategy(nodes: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A strategy of a plugin that is a file, named when the cluster has begun."""
    file = tmp_path / "filed.py"
    file.write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    factory = 'nasdip_plugins.strategy.random:Random'\n"
        "    return [Offer('strategy', 'filed', 'of a file', factory=factory)]\n"
    )
    monkeypatch.setenv("NASDIP_PLUGIN", str(file))
    return "filed"


def test_a_node_that_is_gone_costs_its_running_trial_alone(
    nodes: list[Any], strategy: str, picture: Path, tmp_path: Path
) -> None:
    cluster, node, _ = nodes
    output = tmp_path / "out"
    url = study_url(output)
    kept: dict[int, list[float]] = {}

    def watch(progress: Progress) -> None:
        if progress.done and progress.running == 2 and not kept:
            trials = load_study(open_storage(url), url).trials
            kept.update({t.number: t.values for t in trials if t.values is not None})
            cluster.remove_node(node, allow_graceful=False)

    told = nasdip_core.search(
        picture,
        "denoise",
        trials=TRIALS,
        workers=2,
        options={
            "corrupt.sigma": 25,
            "space": {"uses": "nas-dip-pattern", "with": {"proxy_width": 16}},
            "fit.steps": 80,
            "strategy": strategy,
            "launcher": "ray",
        },
        output=output,
        watch=watch,
    )
    assert kept, "the node was taken away"
    assert told["trials"]["done"] == TRIALS
    trials = load_study(open_storage(url), url).trials
    assert all(trials[number].values == values for number, values in kept.items())
    history = History()
    history.update(trials)
    assert sum(record.counts for record in history.records) == TRIALS
    assert finished(trials) >= TRIALS
