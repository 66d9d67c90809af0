"""One fit of the table: a slim network, a small picture, and what is worth knowing of it."""

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from spectra import bandwidth, strip_distance, strip_mse
from work import PICTURES, Point, Setting, spaces

from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import RunError
from nasdip_core.fit.events import Event, StepDone
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import SlotNetwork, make_networks
from nasdip_core.options import parse
from nasdip_core.pipeline.defaults import plain
from nasdip_core.pipeline.prepare import make_rule
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search

TASKS: dict[str, dict[str, float]] = {
    "denoise": {"sigma": 25.0},
    "inpaint": {"missing": 0.5},
    "super-resolution": {"factor": 4},
}
"""The damage that each task undoes."""
HEAD = {"width": 8, "convolutions": 2, "kernel": 3}
"""What a network below full resolution ends with: that of `balanced-denoise`."""
CPU = torch.device("cpu")


class Record(TypedDict):
    """One fit; decibels, lists by `Setting.iterations`."""

    point: int
    task: str
    picture: int
    seed: int
    psnr: list[float]
    """Of the averaged output; NaN once the fit has ended."""
    validation: list[float]
    """-10 log10 of the error on the measurements kept back; NaN where none are."""
    stopped: float
    """PSNR of the output that the default rule chose."""
    stopped_step: int
    parameters: int
    """Of the slim network."""
    macs: int
    full_parameters: int
    """Of the network in use, 128 channels wide, at the same size."""
    full_macs: int
    seconds: float
    """Of the processor."""
    strip_mse: float
    strip_distance: float
    bandwidth: float


class Fits:
    """Makes the fits of one setting."""

    def __init__(self, setting: Setting, data: Path) -> None:
        """`data` is the folder that pictures are drawn from, the same ones every time."""
        self._setting = setting
        self._plugins = Plugins.discover()
        self._costs: dict[int, _Costs] = {}
        self._evaluators = {
            task: self._evaluator(task, corrupt, data) for task, corrupt in TASKS.items()
        }

    @property
    def pictures(self) -> list[str]:
        """Return the names of the pictures."""
        return list(self._evaluators["denoise"].search.names)

    @property
    def settings(self) -> dict[str, Any]:
        """Return what fits of one setting have in common, by task where that differs."""
        return {
            **asdict(self._setting),
            "damage": TASKS,
            "fit": {
                task: plain(evaluator.search.resolved[0].fit)
                for task, evaluator in self._evaluators.items()
            },
        }

    def _evaluator(self, task: str, corrupt: dict[str, float], data: Path) -> Evaluator:
        setting = self._setting
        content = {
            "data": str(data.absolute()),
            "pictures": PICTURES,
            "crop": setting.crop,
            # It adds nothing to the preset's fit, as the spaces of the points would: their jitter.
            "space": "compact",
            "strategy": "random",
            "reward": "psnr",
            "corrupt": corrupt,
            "device": "cpu",
            "fit": {"report_every": setting.every} if setting.preset else _protocol(setting),
        }
        search = plan_search(task, parse(SearchRequest, content, ""), self._plugins, Path())
        return Evaluator(search, self._plugins, CPU)

    def fit(self, place: int, point: Point, task: str, picture: int, seed: int) -> Record:
        """Return the record of a fit; one that diverges keeps NaN where it got no further."""
        evaluator, setting = self._evaluators[task], self._setting
        space = spaces(setting.width)[point.space]
        whole = space.decode(point.choices)
        slim = space.proxy(whole)
        if setting.working_resolution > 1:
            reduced = {
                "working_resolution": setting.working_resolution,
                "head": HEAD,
                # The jitter of the presets is for inputs of this scale.
                "input": {**slim.input.model_dump(), "scale": 1.0},
            }
            slim = Architecture.model_validate({**slim.model_dump(), **reduced})
        began = time.process_time()
        resolved = evaluator.search.of(slim, picture, fresh=seed)
        problem = evaluator.problem(resolved, picture, scale=setting.side / setting.crop)
        assert isinstance(problem, RestorationProblem)
        networks = make_networks(problem.slots, slim, self._plugins, resolved.seed, CPU)
        spectral = _spectral(problem, networks["picture"])
        psnr: dict[int, float] = {}
        validation: dict[int, float] = {}

        def watch(event: Event) -> None:
            if isinstance(event, StepDone):
                psnr[event.step] = event.measures["psnr"]
                if event.validation is not None:
                    validation[event.step] = -10 * math.log10(max(event.validation, 1e-12))

        rule = make_rule(resolved, self._plugins)
        fit = Fit(
            problem,
            networks,
            resolved.fit,
            rule,
            seed=resolved.seed,
            device=CPU,
            observers=[watch],
        )
        stopped, step = math.nan, 0
        try:
            found = fit.run()
            stopped, step = problem.measures(found.chosen)["psnr"], found.best_step
        except RunError:
            pass
        else:
            # A rule may have ended it: what it had then it has from then on.
            ended = max(psnr)
            for curve in (psnr, validation):
                for later in (i for i in setting.iterations if i > ended and ended in curve):
                    curve[later] = curve[ended]
        seconds = time.process_time() - began
        if place not in self._costs:
            self._costs[place] = self._cost(slim, whole)
        return Record(
            point=place,
            task=task,
            picture=picture,
            seed=seed,
            psnr=[round(psnr.get(step, math.nan), 3) for step in setting.iterations],
            validation=[round(validation.get(step, math.nan), 3) for step in setting.iterations],
            stopped=round(stopped, 3),
            stopped_step=step,
            seconds=round(seconds, 3),
            **self._costs[place],
            **spectral,
        )

    def _cost(self, slim: Architecture, whole: Architecture) -> "_Costs":
        size = (self._setting.side, self._setting.side)
        cost, full = (cost_of(network, 3, size, self._plugins) for network in (slim, whole))
        return _Costs(
            parameters=cost.parameters,
            macs=cost.macs,
            full_parameters=full.parameters,
            full_macs=full.macs,
        )


def _protocol(setting: Setting) -> dict[str, Any]:
    """Return how networks are fitted, for all tasks alike, rather than as their presets do it."""
    return {
        "steps": setting.iterations[-1],
        "report_every": setting.every,
        "lr": 0.01,
        "beta2": 0.95,
        "jitter": 0.01,
        # Its choice is kept, but it ends no fit: the curves go on.
        "stopping": {
            "uses": "held-out",
            "with": {"patience": setting.iterations[-1], "min_start": 3 * setting.every},
        },
        # The usual 0.99 would still hold the first outputs after so few steps.
        "averaging": 1 - 1 / (1.25 * setting.every),
    }


class _Costs(TypedDict):
    parameters: int
    macs: int
    full_parameters: int
    full_macs: int


class _Spectral(TypedDict):
    strip_mse: float
    strip_distance: float
    bandwidth: float


def _spectral(problem: RestorationProblem, network: SlotNetwork) -> _Spectral:
    """Return ISNAS's measures of the untrained network against the damaged picture."""
    assert network.input is not None
    with torch.no_grad():
        output = network.module(network.input, network.size)
        # What is seen of it: small for super-resolution, whole otherwise.
        seen = problem.operator.forward(output)
    damaged = (problem.measured * problem.known)[0].numpy().astype(np.float64)
    untrained = seen[0].numpy().astype(np.float64)
    return _Spectral(
        strip_mse=round(strip_mse(damaged, untrained), 4),
        strip_distance=round(strip_distance(damaged, untrained), 4),
        bandwidth=round(bandwidth(untrained), 4),
    )
