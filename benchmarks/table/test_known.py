"""Searches that begin with a known network, on a made-up table."""

import known
import numpy as np
import pytest
from measured import Measured
from replay import make_strategy, search
from table import Table

from nasdip_core.plugins import Plugins
from nasdip_core.space import Choices

PATTERNS = "nas-dip-pattern.bilinear"


def test_networks_are_those_of_the_space_that_were_run(table: Table) -> None:
    measured = Measured(table, PATTERNS, "denoise")
    every, values = known.networks(table, measured)
    assert len(every) == len(values) == measured.known
    assert np.allclose(values.max(axis=0), measured.best)


def test_the_known_network_has_about_the_rank_that_was_asked_for() -> None:
    values = np.random.default_rng(0).permutation(1000).astype(float)
    drawn = [999 - values[known.known_network(values, 0.1, seed)] for seed in range(50)]
    assert 75 <= min(drawn) < max(drawn) <= 125
    assert known.known_network(np.array([1.0, 3.0, 2.0]), 0.01, 0) == 1


def test_a_search_tries_the_known_network_first(table: Table) -> None:
    measured = Measured(table, PATTERNS, "denoise")
    first = known.networks(table, measured)[0][7]
    strategy = make_strategy("evolution", {"population": 2}, Plugins.discover())
    tried = []

    def value(choices: Choices) -> float:
        reward = float(measured(choices)[0])
        tried.append(dict(choices))
        return reward

    search(
        measured.space, known.BeginningWith(strategy.sampler(measured.space, 0), first), value, 5
    )
    assert len(tried) == 5
    assert tried[0] == dict(first)


def test_the_report_holds_all_against_the_first(
    table: Table, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MARKS", (2, 6))
    monkeypatch.setattr(known, "SPACES", (PATTERNS,))
    monkeypatch.setattr(known, "CONTENDERS", {"random": {}, "evolution": {"population": 2}})
    known.report(table, range(2), 0.1)
    said = capsys.readouterr().out.splitlines()
    assert "| random | +0% | +0% |" in said
    assert any(line.startswith("| evolution | ") for line in said)
