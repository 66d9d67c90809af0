"""A fit of a toy problem in one call."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from toys import At, fit_options

from nasdip_core.architecture.specification import Architecture
from nasdip_core.fit.events import Event
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import make_networks
from nasdip_core.fit.stopping import StoppingRule
from nasdip_core.objective import Objective
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem

MakeFit = Callable[..., tuple[Fit, list[Event]]]


@pytest.fixture
def make_fit(plugins: Plugins) -> MakeFit:
    """Return a function from a problem to a fit and the list that its events go to."""

    def make(
        problem: Problem,
        rule: StoppingRule | None = None,
        *,
        seed: int = 0,
        checkpoint: Path | None = None,
        deadline: Callable[[int], float] | None = None,
        architecture: Architecture | None = None,
        observers: tuple[Callable[[Event], None], ...] = (),
        objective_plugins: tuple[Objective, ...] = (),
        **options: Any,
    ) -> tuple[Fit, list[Event]]:
        device = torch.device("cpu")
        networks = make_networks(
            problem.slots, architecture or Architecture(), plugins, seed, device
        )
        events: list[Event] = []
        fit = Fit(
            problem,
            networks,
            fit_options(**options),
            rule or At(),
            seed=seed,
            device=device,
            observers=[events.append, *observers],
            checkpoint=checkpoint,
            deadline=deadline,
            objectives=objective_plugins,
        )
        return fit, events

    return make
