"""Independent streams, and weights that hang on a seed alone."""

import pytest
import torch
from torch import nn

from nasdip_core.seeds import derive, initialising


def test_streams_differ_by_purpose() -> None:
    assert derive(0, "fit") == derive(0, "fit")
    seeds = [derive(0, "fit"), derive(1, "fit"), derive(0, "fit", 1), derive(0, "weights")]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_same_weights_whatever_was_drawn_before() -> None:
    def weights() -> torch.Tensor:
        with initialising(3):
            return nn.Linear(4, 4).weight.detach()

    first = weights()
    torch.rand(5)
    assert torch.equal(weights(), first)


def test_the_generators_of_the_caller_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of GPUs, too, which `torch.manual_seed` would seed."""

    def seeded(seed: int) -> None:
        raise AssertionError("a GPU was seeded")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded)
    before = torch.get_rng_state()
    with initialising(3):
        nn.Linear(4, 4)
    assert torch.equal(torch.get_rng_state(), before)
