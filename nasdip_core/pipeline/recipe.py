"""Solves the problem of a run as its recipe says: guide, fits, refinement, choice."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nasdip_core.architecture.specification import Use
from nasdip_core.fit.result import FitResult
from nasdip_core.pipeline.blend import blended, held_out_weights
from nasdip_core.pipeline.chain import Chain, Part
from nasdip_core.pipeline.fitting import LEAST, Fitted, Fitter, uncopied
from nasdip_core.pipeline.prepare import keep_back
from nasdip_core.pipeline.resolved import with_steps, without_network
from nasdip_core.problem import Estimate, Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.seeds import derive


@dataclass(frozen=True, slots=True)
class Solved:
    """The result of a recipe, and what it is made of."""

    chosen: Estimate
    fitted: Fitted | None
    """The fits, averaged; None for a recipe without."""
    parts: Sequence[Part]

    @property
    def fits(self) -> Sequence[FitResult]:
        """Every fit, that of each tile."""
        return () if self.fitted is None else self.fitted.fits


@dataclass(frozen=True, slots=True)
class Solver:
    """Solves a problem by the recipe of one run."""

    fitter: Fitter
    side: int | None
    """Side of the tiles; None: in one piece."""

    def solve(self, problem: Problem) -> Solved:
        """Return the result of a problem that takes the recipe."""
        recipe = self.fitter.resolved.recipe
        if isinstance(problem, RestorationProblem):
            if not problem.refinable and (recipe.refine or recipe.guide is not None):
                problem.notes.append("no filter can tell what is noise here: the fits stand alone")
                alone = recipe.model_copy(update={"refine": (), "guide": None, "choice": "last"})
                resolved = replace(self.fitter.resolved, recipe=alone)
                return replace(self, fitter=replace(self.fitter, resolved=resolved)).solve(problem)
            return self._restore(problem)
        if self.side is not None:
            problem.in_tiles(self.side)
        keep_back(problem, self.fitter.resolved, self.fitter.plugins)
        started = time.monotonic()
        resolved = self.fitter.resolved
        if resolved.kept:
            # Only the fits of one restored picture can be averaged.
            first = replace(resolved, kept=resolved.kept[:1])
            fitted = replace(self.fitter, resolved=first).kept()
        else:
            fitted = self.fitter.whole(problem)
        held_out = problem.validation(fitted.chosen)
        part = Part("fit", fitted.chosen, held_out, 1.0, time.monotonic() - started)
        return Solved(fitted.chosen, fitted, [part])

    def _restore(self, problem: RestorationProblem) -> Solved:
        recipe = self.fitter.resolved.recipe
        problem.to(self.fitter.device)
        chain = self._chain(recipe.refine)
        # First of all: it takes little, and from then on there is a result.
        alone = None
        if recipe.choice == "mean" and recipe.fits and recipe.refine:
            alone = chain.refine(problem, None)
        # A guide must not show a network what the rule keeps back from it.
        if recipe.judges or self.side is None or recipe.guide is not None:
            within = None if self.side is None else uncopied(problem, self.side)
            keep_back(problem, self.fitter.resolved, self.fitter.plugins, within)
        if recipe.judges:
            alone = chain.refine(problem, None)
        parts: list[Part] = []
        fitted = None
        if recipe.fits:
            guide = None
            if recipe.guide is not None:
                guiding = self._chain([recipe.guide])
                guide = guiding.refine(problem, None).estimate[problem.output]
            started = time.monotonic()
            fitted = self._fits(problem, guide)
            if self._spoils(fitted):
                problem.notes.append("the time was up too early for a network: the filter is alone")
                problem.give_back()
                resolved = without_network(self.fitter.resolved)
                return replace(self, fitter=replace(self.fitter, resolved=resolved)).solve(problem)
            held_out = problem.validation(fitted.chosen)
            parts.append(Part("fit", fitted.chosen, held_out, 1.0, time.monotonic() - started))
        if not recipe.refine:
            assert fitted is not None
            return Solved(fitted.chosen, fitted, parts)
        if recipe.judges and alone is not None:
            chosen, parts = self._choose(problem, parts[0], alone, chain)
            return Solved(chosen, fitted, parts)
        # By what the fits have seen.
        learnt = alone is None or fitted is None or _learnt(problem, fitted)
        problem.give_back()
        parts = [replace(part, weight=0.0) for part in parts]
        if alone is not None and fitted is not None:
            alone = _lent(problem, parts[0], alone)
            if not learnt:
                return Solved(alone.estimate, fitted, [*parts, replace(alone, weight=1.0)])
            parts.append(replace(alone, weight=0.5))
        pilot = None if fitted is None else fitted.chosen
        parts.append(replace(chain.refine(problem, pilot), weight=1 - sum(p.weight for p in parts)))
        chosen = blended([part.estimate for part in parts], [part.weight for part in parts])
        return Solved(chosen, fitted, parts)

    def _spoils(self, fitted: Fitted) -> bool:
        """Return whether fits are so far from done that the filter is better off without them."""
        fit, recipe = self.fitter.resolved.fit, self.fitter.resolved.recipe
        if not fitted.cut_off or not recipe.refine or recipe.judges:
            return False
        return max(one.iterations for one in fitted.fits) < LEAST * fit.steps

    def _choose(
        self, problem: RestorationProblem, fit: Part, alone: Part, chain: Chain
    ) -> tuple[Estimate, list[Part]]:
        """Refine what fit and filter say together, then weigh all three; use all data at last.

        The weights are found while measurements are kept back. They then hold for the estimates
        that the filter makes of everything that is known.
        """
        one = self.fitter.resolved.recipe.choice == "best"
        alone = _lent(problem, fit, alone)
        both = [fit.estimate, alone.estimate]
        mixing = held_out_weights(problem, both, trusted=1, one=one)
        refined = chain.refine(problem, blended(both, mixing))
        weights = held_out_weights(problem, [*both, refined.estimate], trusted=1, one=one)
        problem.give_back()
        if weights[1] or (weights[2] and mixing[1]):
            alone = _lent(problem, fit, chain.refine(problem, None)).judged_as(alone)
        if weights[2]:
            pilot = blended([fit.estimate, alone.estimate], mixing)
            refined = chain.refine(problem, pilot).judged_as(refined)
        parts = [
            replace(part, weight=weight)
            for part, weight in zip((fit, alone, refined), weights, strict=True)
        ]
        return blended([part.estimate for part in parts], weights), parts

    def _chain(self, uses: Sequence[Use]) -> Chain:
        fitter = self.fitter
        return Chain(uses, fitter.plugins, fitter.observers, tiled=self.side is not None)

    def _fits(self, problem: RestorationProblem, guide: Tensor | None) -> Fitted:
        """Return the mean of the recipe's fits, fewer where the time is up.

        The first fit may be cut off, by its share of the time if it is of use by then; the others
        take as many steps, so that the numbers of fits and steps tell all that was done.
        """
        recipe, seed = self.fitter.resolved.recipe, self.fitter.resolved.seed
        deadline, fitter = self.fitter.deadline, self.fitter
        if self.fitter.resolved.kept:
            return self.fitter.kept()
        networks = [self.fitter.resolved.arch, *self.fitter.resolved.companions]
        fitted: Fitted | None = None
        for i in range(recipe.fits):
            started = time.monotonic()
            if deadline is not None and i == 0:
                share = started + (deadline - started) / recipe.fits
                whole = self.side is None
                fitter = replace(self.fitter, deadline=deadline if whole else None, share=share)
            fitter = replace(
                fitter,
                resolved=replace(fitter.resolved, arch=networks[i % len(networks)]),
                name="fit" if recipe.fits == 1 else f"fit-{i + 1}-of-{recipe.fits}",
                file="fit" if i == 0 else f"fit-{i + 1}",
                seed=seed if i == 0 else derive(seed, "fit", i),
                guide=guide,
                keep=recipe.fits > 1,
            )
            found = fitter.whole(problem) if self.side is None else fitter.tiled(problem, self.side)
            problem.to(self.fitter.device)
            fitted = found if fitted is None else fitted.averaged(found, i + 1)
            now = time.monotonic()
            if deadline is not None and now + (now - started) > deadline:
                break
            if i == 0:
                fitter = replace(fitter, deadline=None)
                # Also by an earlier session: it still tells how long the others are.
                if found.cut_off:
                    steps = max(fit.iterations for fit in found.fits)
                    fitter = replace(fitter, resolved=with_steps(fitter.resolved, steps))
        assert fitted is not None
        return fitted


def _learnt(problem: RestorationProblem, fitted: Fitted) -> bool:
    """Return whether fits differ from what was measured by no more than its noise, else note it."""
    noise = problem.noise_loss()
    if noise is None or problem.misfit(fitted.chosen) <= noise:
        return True
    done = max(fit.iterations for fit in fitted.fits)
    why = f"the network has not learnt the picture in {done} iterations (fit.steps)"
    problem.notes.append(f"{why}: the filter is alone")
    return False


def _lent(problem: RestorationProblem, fit: Part, alone: Part) -> Part:
    """Return a filter's part with the fit's frames where the filter had nothing to work on.

    What is kept back says nothing of such frames: their weights are those of the others.
    """
    told = problem.fitted.flatten(1).any(dim=1)[:, None, None, None]
    lent = {
        name: torch.where(told, value, fit.estimate[name]) for name, value in alone.estimate.items()
    }
    return replace(alone, estimate=lent)
