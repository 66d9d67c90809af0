"""A whole search whose database goes away and comes back, and whose worker is killed."""

import os
import signal
import subprocess
import time
from typing import Any

import optuna
import torch
from commands import Cluster, finished
from postgresql import Server

from nasdip_core.controller.policy import Policy
from nasdip_core.controller.reinforce import Reinforce
from nasdip_core.plugins import Plugins
from nasdip_core.study.lease import LEASE
from nasdip_core.study.records import NOTES, SLOT, History
from nasdip_core.study.reference import space_of
from nasdip_core.study.storage import open_storage
from nasdip_core.study.study import load_study, settings_of

AWAY_SECONDS = 30.0
TRIALS = 8


def test_no_trial_is_lost_and_none_counts_twice(postgresql: Server, cluster: Cluster) -> None:
    """Nor does the controller see that anything has happened."""
    url = postgresql.database("away")
    process = cluster.search(url, TRIALS, "--workers", "2")
    # A worker that dies before it has a lease is missed after a minute only.
    cluster.wait_until(url, lambda found: finished(found) >= 1 and _held(found) == 2)
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    os.kill(int(children[0]), signal.SIGKILL)
    kept = {t.number: t.values for t in cluster.trials(url) if t.values is not None}
    postgresql.stop()
    time.sleep(AWAY_SECONDS)
    assert process.poll() is None
    postgresql.start()
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert "is away; waiting for it" in said
    study = load_study(open_storage(url), url)
    trials = study.get_trials()
    assert all(trials[number].values == values for number, values in kept.items())
    history = History()
    history.update(trials)
    assert sum(record.counts for record in history.records) == TRIALS
    assert not any(record.state == "open" for record in history.records)
    # A history in which nothing was tried again teaches the same, bit for bit.
    unharmed = History()
    unharmed.update(_unharmed(trials))
    for one, other in zip(_learned(study, history), _learned(study, unharmed), strict=True):
        assert torch.equal(one, other)


def _held(trials: list[optuna.trial.FrozenTrial]) -> int:
    """Return how many trials are worked on."""
    return sum(not t.state.is_finished() and LEASE in t.system_attrs for t in trials)


def _unharmed(trials: list[optuna.trial.FrozenTrial]) -> list[optuna.trial.FrozenTrial]:
    """Return the last trial of every slot, numbered as if it were the first one in it."""
    last = {t.user_attrs.get(SLOT, t.number): t for t in trials}
    numbers = {slot: number for number, slot in enumerate(sorted(last))}
    found = []
    for slot, number in numbers.items():
        attributes = {k: v for k, v in last[slot].user_attrs.items() if k != SLOT}
        found.append(
            optuna.trial.create_trial(
                state=last[slot].state,
                values=last[slot].values,
                params=last[slot].params,
                distributions=last[slot].distributions,
                user_attrs=attributes,
                system_attrs={k: v for k, v in last[slot].system_attrs.items() if k == NOTES},
            )
        )
        found[-1].number = number
    return found


def _learned(study: optuna.Study, history: History) -> list[Any]:
    settings = settings_of(study)
    options = dict(settings["strategy"]["with"])
    policy = Policy(space_of(settings, Plugins.discover()), 0, options.pop("hidden"))
    learner = Reinforce(policy, **options)
    learner.learn(history)
    assert learner.version > 0
    return list(policy.state_dict().values())
