"""Toy refine plugins, and a small noisy picture."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent))

from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.plugins import Plugins
from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem

TINY: dict[str, Any] = {
    "name": "tiny",
    "architecture": {
        "levels": 2,
        "input": {"channels": 4, "scale": 1.0},
        "encoder": {"widths": 4, "convolutions": 1},
        "decoder": {"widths": 4, "pointwise": False},
        "skip": {"widths": 2},
    },
    "fit": {"jitter": 0.05, "averaging": 0.9, "stopping": "fixed", "steps": 4, "report_every": 1},
}


class Blur(Refine):
    """Mean of 3 x 3 places that may be read, and of the pilot where there is one."""

    tasks = frozenset({"denoise", "inpaint"})

    def refine(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        weights = problem.fitted.float()
        total = F.avg_pool2d(problem.measured * weights, 3, 1, 1)
        mean = total / F.avg_pool2d(weights, 3, 1, 1).clamp(min=1e-6)
        return mean if pilot is None else (mean + pilot) / 2


class Black(Refine):
    """Always black: what nobody should choose."""

    tasks = frozenset({"denoise"})

    def refine(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        return torch.zeros_like(problem.measured)


class Wrong(Refine):
    """Returns no picture."""

    tasks = frozenset({"denoise"})

    def refine(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        return torch.zeros(1, 2, 3)


@pytest.fixture
def tiny() -> dict[str, Any]:
    """Return a network that is fitted in a blink."""
    return TINY


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """Return the installed plugins and `blur`, `black` and `wrong`."""
    module = ModuleType("toy_refines")
    module.Blur, module.Black, module.Wrong = Blur, Black, Wrong  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_refines", module)

    class Toys:
        @hookimpl
        def nasdip_offers(self) -> list[Offer]:
            return [
                Offer("refine", name, "toy", factory=f"toy_refines:{name.title()}")
                for name in ("blur", "black", "wrong")
            ]

    plugins = Plugins.discover()
    assert plugins.add(Toys(), "toys", "toys").state == "loaded"
    return plugins


@pytest.fixture
def noisy() -> np.ndarray:
    """Return a smooth picture (40, 48) with noise of 20 levels."""
    rows, columns = np.mgrid[:40, :48]
    smooth = 128 + 60 * np.sin(rows / 9) * np.cos(columns / 11)
    noise = np.random.default_rng(0).normal(0, 20, smooth.shape)
    return (smooth + noise).clip(0, 255).astype(np.uint8)
