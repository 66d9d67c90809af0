"""How good a candidate is: fits over the pictures of a search, told step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
import torch.nn.functional as F

from nasdip_core.architecture.cost import Cost
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture, NetworkSpecification
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import cost_in, make_networks
from nasdip_core.fit.result import FitResult
from nasdip_core.imaging.picture import Picture
from nasdip_core.pipeline.prepare import (
    Prepared,
    keep_back,
    make_objectives,
    make_rule,
    prepare,
)
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.pipeline.sources import read_source
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate, Problem
from nasdip_core.reward import Trained
from nasdip_core.searching.definition import Search
from nasdip_core.seeds import generator
from nasdip_core.space import Choices

_RUNGS = 3
"""Rungs of hyperband."""
_SMALLEST = 32
"""Pixels of the side of a picture on the lowest rung of resolution."""

Report = Callable[[int, float], bool]
"""Takes a step and a value; returns whether the candidate is to be ended."""
Others = Callable[[int], Sequence[Estimate]]
"""Returns what earlier candidates made of a picture."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point of the space, ready to be fitted."""

    architecture: Architecture
    """As it is to be used."""
    proxy: Architecture
    """As the search fits it."""
    cost: Cost
    """Of `architecture`, on the first picture: all networks of a task, all frames of a stack."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the fits of a candidate were worth."""

    by_picture: dict[int, float]
    fits: dict[int, FitResult]
    pruned: bool
    """It was ended early: the scores are partial."""

    @property
    def mean(self) -> float:
        """Return the mean over what was fitted."""
        return fmean(self.by_picture.values())


class Evaluator:
    """Builds, checks and fits candidates of one search."""

    def __init__(self, search: Search, plugins: Plugins, device: torch.device) -> None:
        self.search = search
        self.plugins = plugins
        self.device = device
        self._crops: dict[tuple[int, float], Picture] = {}
        self._slots = list(self.prepared(0, None).problem.slots.values())

    def prepared(self, picture: int, fresh: int | None) -> Prepared:
        """Return a picture and its problem as a run has them, nothing kept for the reward."""
        standard = self.search.resolved[picture].arch.architecture
        resolved = self.search.of(standard, picture, fresh)
        return prepare(resolved, self.plugins, self.given(picture))

    def candidate(self, choices: Choices) -> Candidate:
        """Return the candidate of canonical choices. Raises NasdipError where none can be built."""
        architecture = self.search.space.decode(choices)
        proxy = self.search.space.proxy(architecture)
        costs = [
            cost_in(slot, architecture, self.plugins) for slot in self._slots if slot.module is None
        ]
        return Candidate(architecture, proxy, sum(costs, start=Cost(0, 0, 0)))

    def excess(self, candidate: Candidate) -> str:
        """Return which limit a candidate is over; empty: none."""
        limits, cost = self.search.request.limits, candidate.cost
        for name, limit, found in (
            ("macs", limits.macs, cost.macs),
            ("parameters", limits.parameters, cost.parameters),
            ("memory", limits.memory, cost.activation_bytes),
        ):
            if limit is not None and found > limit:
                return f"limits.{name}: {found:.3g} > {limit:.3g}"
        return ""

    def score(
        self,
        candidate: Candidate,
        pictures: Sequence[int],
        *,
        fresh: int | None = None,
        report: Report = lambda _step, _value: False,
        others: Others = lambda _picture: (),
    ) -> Score:
        """Fit a candidate to the pictures, with the search's own or `fresh` seeds."""
        pruner = self.search.request.pruner
        if fresh is None and pruner.uses == "hyperband":
            if pruner.rungs == "iterations":
                return self._by_iterations(candidate, pictures, report, others)
            return self._by_resolution(candidate, pictures, report, others)
        scores: dict[int, float] = {}
        fits: dict[int, FitResult] = {}
        for picture in pictures:
            fit = self._fit(candidate.proxy, picture, fresh)
            fit.advance(fit.options.steps)
            fits[picture] = fit.found()
            scores[picture] = self._judge(candidate, fit, fits[picture], others(picture))
            if report(picture, scores[picture]):
                return Score(scores, fits, pruned=len(scores) < len(pictures))
        return Score(scores, fits, pruned=False)

    def rungs(self) -> list[int]:
        """Return the steps of hyperband: iterations, or sides in pixels, the last one whole."""
        pruner, fit = self.search.request.pruner, self.search.resolved[0].fit
        whole = fit.steps if pruner.rungs == "iterations" else min(self._slots[0].size)
        least = 1 if pruner.rungs == "iterations" else _SMALLEST
        least = max(least, whole // pruner.factor ** (_RUNGS - 1))
        # Upwards, as Optuna has them: it ends nothing at a rung that is lower than it expects.
        lower = [least * pruner.factor**i for i in range(_RUNGS - 1)]
        return [*(rung for rung in lower if rung < whole), whole]

    def _by_iterations(
        self, candidate: Candidate, pictures: Sequence[int], report: Report, others: Others
    ) -> Score:
        running = {picture: self._fit(candidate.proxy, picture, None) for picture in pictures}
        rungs = self.rungs()
        for rung in rungs:
            fits, scores = {}, {}
            for picture, fit in running.items():
                fit.advance(rung)
                fits[picture] = fit.found()
                scores[picture] = self._judge(candidate, fit, fits[picture], others(picture))
            if report(rung, fmean(scores.values())):
                return Score(scores, fits, pruned=rung != rungs[-1])
        return Score(scores, fits, pruned=False)

    def _by_resolution(
        self, candidate: Candidate, pictures: Sequence[int], report: Report, others: Others
    ) -> Score:
        rungs = self.rungs()
        for rung in rungs:
            fits, scores = {}, {}
            for picture in pictures:
                fit = self._fit(candidate.proxy, picture, None, scale=rung / rungs[-1])
                fit.advance(fit.options.steps)
                fits[picture] = fit.found()
                scores[picture] = self._judge(candidate, fit, fits[picture], others(picture))
            if report(rung, fmean(scores.values())):
                return Score(scores, fits, pruned=rung != rungs[-1])
        return Score(scores, fits, pruned=False)

    def restored(self, candidate: Candidate, picture: int, fresh: int) -> FitResult:
        """Return a fit with a fresh seed to the picture as it is, nothing kept for the reward."""
        resolved = self.search.of(candidate.proxy, picture, fresh)
        problem = prepare(resolved, self.plugins, self.given(picture)).problem
        return self._make(resolved, self._held_out(problem, resolved)).run()

    def standard(self, picture: int) -> FitResult:
        """Return the fit of the task's default network."""
        name = self.search.resolved[picture].task.architecture
        architecture = find_architecture(name, self.plugins).architecture
        return self._fit(architecture, picture, None).run()

    def problem(self, resolved: Resolved, picture: int, scale: float = 1.0) -> Problem:
        """Return a fresh problem, changed as the reward and the stopping rule want it."""
        problem = prepare(resolved, self.plugins, self.given(picture, scale)).problem
        self.search.reward.prepare(problem, generator(resolved.seed, "reward"))
        return self._held_out(problem, resolved)

    def _held_out(self, problem: Problem, resolved: Resolved) -> Problem:
        if not problem.keeps_back:
            keep_back(problem, resolved, self.plugins)
        problem.to(self.device)
        return problem

    def _fit(
        self,
        architecture: NetworkSpecification,
        picture: int,
        fresh: int | None,
        scale: float = 1.0,
    ) -> Fit:
        resolved = self.search.of(architecture, picture, fresh)
        return self._make(resolved, self.problem(resolved, picture, scale))

    def _make(self, resolved: Resolved, problem: Problem) -> Fit:
        network = resolved.arch.architecture
        networks = make_networks(problem.slots, network, self.plugins, resolved.seed, self.device)
        rule = make_rule(resolved, self.plugins)
        return Fit(
            problem,
            networks,
            resolved.fit,
            rule,
            seed=resolved.seed,
            device=self.device,
            objectives=make_objectives(resolved, self.plugins),
        )

    def _judge(
        self, candidate: Candidate, fit: Fit, found: FitResult, others: Sequence[Estimate]
    ) -> float:
        trained = Trained(fit.problem, found, candidate.cost, others)
        return self.search.reward.score(trained)

    def given(self, picture: int, scale: float = 1.0) -> dict[str, Picture]:
        """Return the clean picture as the search sees it: its centre, or smaller; else nothing."""
        crop = self.search.request.crop
        if crop is None and scale == 1.0:
            return {}
        found = self._crops.get((picture, scale)) or self._part(picture, crop, scale)
        if crop is not None:
            # Small, and cut for every fit of the search from a picture that may be large.
            self._crops[picture, scale] = found
        return {"picture": found}

    def _part(self, picture: int, crop: int | None, scale: float) -> Picture:
        resolved = self.search.resolved[picture]
        whole = read_source(resolved.picture, resolved.task)
        samples = whole.tensor()
        if crop is not None:
            top, left = (max(0, (side - crop) // 2) for side in samples.shape[-2:])
            samples = samples[..., top : top + crop, left : left + crop]
        if scale != 1.0:
            scale = max(scale, min(1.0, _SMALLEST / min(samples.shape[-2:])))
            sides = [max(1, round(side * scale)) for side in samples.shape[-2:]]
            samples = F.interpolate(samples, size=sides, mode="area")
        return whole.with_samples(samples)
