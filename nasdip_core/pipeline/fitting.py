"""Fits the problem of a run: as a whole, or in tiles where the picture is large."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median_low

import torch

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import RunError
from nasdip_core.fit.checkpoint import load_checkpoint, moved, save_checkpoint
from nasdip_core.fit.events import Observer
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import make_networks
from nasdip_core.fit.options import FitOptions
from nasdip_core.fit.result import TIME_UP, FitResult
from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.prepare import make_objectives, make_rule
from nasdip_core.pipeline.resolved import Resolved, with_steps
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate, Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.seeds import derive, generator
from nasdip_core.tiles import Tile

LEAST = 0.5
"""Share of its steps below which a fit only spoils the classical estimate."""
_CALIBRATED = 3
"""Tiles whose own stopping decides for all."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the fits of a run found, put together."""

    chosen: Estimate
    last: Estimate
    oracle: Estimate | None
    oracle_step: int | None
    """The iteration of the oracle peak; None where several fits have theirs at different ones."""
    fits: Sequence[FitResult]
    count: int = 1
    """Fits of the whole picture that this is the mean of."""
    tiled: bool = False
    """Each of `fits` is that of a tile."""

    @property
    def cut_off(self) -> bool:
        """Whether the time was up before a fit had ended by itself."""
        return any(fit.reason == TIME_UP for fit in self.fits)

    def averaged(self, other: "Fitted", count: int) -> "Fitted":
        """Return the mean of this, which is already one of `count`, and one more."""
        return Fitted(
            _mean(self.chosen, other.chosen, count),
            _mean(self.last, other.last, count),
            None
            if self.oracle is None or other.oracle is None
            else _mean(self.oracle, other.oracle, count),
            None,
            [*self.fits, *other.fits],
            count,
            self.tiled,
        )


class _TakeLast(StoppingRule):
    """Returns the last step: the number of steps was found on other tiles."""

    def observe(self, observation: Observation) -> Verdict:
        return Verdict()


@dataclass(frozen=True, slots=True)
class Fitter:
    """Fits a problem once, with the settings of one run."""

    resolved: Resolved
    plugins: Plugins
    device: torch.device
    folder: RunFolder | None
    observers: Sequence[Observer]
    name: str = "fit"
    """What events tell of it."""
    file: str = "fit"
    """What its checkpoints are called, however many fits there are: fewer than planned may do."""
    seed: int = 0
    guide: torch.Tensor | None = None
    """(1, C, H, W) in [0, 1]: further input of the network."""
    deadline: float | None = None
    """When `time.monotonic` gets there, the fit ends with what it has."""
    share: float | None = None
    """The same, earlier, once the fit has come so far that it is of use."""
    keep: bool = field(default=False)
    """Keep the finished fit until the run ends, so that none of several is repeated."""

    def whole(self, problem: Problem) -> Fitted:
        """Fit the picture in one piece."""
        resolved = self.resolved
        if not problem.players:  # one look: no rule has anything to choose from
            options = resolved.fit.model_copy(update={"stopping": Use(uses="fixed")})
            resolved = replace(resolved, fit=options)
        rule = make_rule(resolved, self.plugins)

        def fit() -> FitResult:
            labels = (self.name, self.file)
            return self._fit(problem, rule, resolved.fit, labels, self.seed, self.guide)

        problem.to(self.device)
        found = self._kept(self.file, fit, self.keep)
        return Fitted(found.chosen, found.last, found.oracle, found.oracle_step, [found])

    def kept(self) -> Fitted:
        """Return the mean of fits that a search has kept. Raises RunError where one is gone."""
        fitted: Fitted | None = None
        for count, path in enumerate(map(Path, self.resolved.kept), start=1):
            if not path.exists():
                raise RunError(f"the kept fit '{path}' is gone", "leave `kept` out to fit anew")
            found = FitResult(**moved(load_checkpoint(path), self.device))
            found = replace(found, id=path.stem, earlier_seconds=0.0)
            one = Fitted(found.chosen, found.last, found.oracle, found.oracle_step, [found])
            fitted = one if fitted is None else fitted.averaged(one, count)
        assert fitted is not None
        return fitted

    def tiled(self, problem: RestorationProblem, side: int) -> Fitted:
        """Fit the picture in overlapping tiles that all stop at one iteration.

        A few tiles are fitted to learn where the rule stops them; the median of that holds for all,
        and those that stopped elsewhere are fitted again. Every finished fit is kept, so that an
        interrupted run repeats none.
        """
        tiling = problem.tiling(side)
        damaged = [tile for tile in tiling.tiles if not _is_known(problem, tile)]
        for tile in damaged:
            if not problem.tile(tile).fitted.any():
                raise RunError(
                    f"nothing is known in the part of {tile.width} x {tile.height} pixels "
                    f"at ({tile.left}, {tile.top})",
                    f"use larger tiles than --tile {side}",
                )
        kinds = ("chosen",) if problem.truth is None else ("chosen", "last", "oracle")
        blends = {kind: tiling.blend() for kind in kinds}
        judged = damaged
        if self.guide is not None and problem.kept_back is not None:
            # Elsewhere the guide shows all that could be kept back from a tile.
            factor, held = problem.operator.factor, problem.kept_back
            judged = [tile for tile in damaged if tile.cut(held, factor).any()] or damaged
        calibrated = _spread(judged, 1 if len(damaged) < 8 else _CALIBRATED)
        firsts = {tile.name: self._tile(problem.tile(tile), tile, None) for tile in calibrated}
        steps = median_low([fit.best_step for fit in firsts.values()]) if firsts else None
        fits = [_bare(fit) for fit in firsts.values()]
        # Tiles are blended as they are done: the outputs of few are in memory.
        for tile in tiling.tiles:
            if _is_known(problem, tile):
                known = {problem.output: problem.tile(tile).measured}
                estimates = dict.fromkeys(kinds, known)
            else:
                first = firsts.pop(tile.name, None)
                if first is not None and first.best_step == steps:
                    found = first
                else:
                    found = self._tile(problem.tile(tile), tile, steps)
                    fits.append(_bare(found))
                estimates = {kind: getattr(found, kind) for kind in kinds}
            for kind, estimate in estimates.items():
                blends[kind].add(tile, estimate)
        whole = {kind: moved(blend.result(), self.device) for kind, blend in blends.items()}
        last = whole.get("last", whole["chosen"])
        return Fitted(whole["chosen"], last, whole.get("oracle"), None, fits, tiled=True)

    def _tile(self, problem: RestorationProblem, tile: Tile, steps: int | None) -> FitResult:
        """Fit one tile, by the rule or for a number of steps; taken from the folder if done."""
        own = f"{tile.name}-by-rule" if steps is None else tile.name
        name, file = (
            own if label == "fit" else f"{label}-{own}" for label in (self.name, self.file)
        )
        options, rule = self.resolved.fit, make_rule(self.resolved, self.plugins)
        if steps is not None:
            options = with_steps(self.resolved, steps).fit
            options = options.model_copy(update={"stopping": Use(uses="calibrated")})
            rule = _TakeLast()
        elif rule.held_out and (problem.kept_back is None or not problem.kept_back.any()):
            problem.hold_out(rule.held_out, generator(self.seed, "held-out", tile.name))
        guide = None if self.guide is None else tile.cut(self.guide)
        # Not by the name: how many fits were planned decides nothing.
        seed = derive(self.seed, tile.name)

        def fit() -> FitResult:
            found = self._fit(problem, rule, options, (name, file), seed, guide)
            # Hundreds lie on the disk until the run ends, and half of each is for measures only.
            return found if problem.truth is not None else replace(found, last={})

        return self._kept(file, fit, keep=True)

    def _kept(self, file: str, fit: Callable[[], FitResult], keep: bool) -> FitResult:
        """Return a fit, taken from the folder where it is done; `keep` it there if not."""
        if self.folder is None:
            return fit()
        done = self.folder.checkpoint(f"{file}-done")
        if done.exists():
            found = FitResult(**moved(load_checkpoint(done), self.device))
            return replace(found, earlier_seconds=found.seconds)
        found = fit()
        if keep:
            save_checkpoint(done, found.state_dict())
            self.folder.checkpoint(file).unlink(missing_ok=True)
        return found

    def _fit(
        self,
        problem: Problem,
        rule: StoppingRule,
        options: FitOptions,
        labels: tuple[str, str],
        seed: int,
        guide: torch.Tensor | None,
    ) -> FitResult:
        name, file = labels
        problem.to(self.device)
        networks = make_networks(
            problem.slots,
            self.resolved.arch.architecture,
            self.plugins,
            self.seed,
            self.device,
            guide=guide,
        )
        return Fit(
            problem,
            networks,
            options,
            rule,
            seed=seed,
            device=self.device,
            name=name,
            observers=self.observers,
            checkpoint=None if self.folder is None else self.folder.checkpoint(file),
            deadline=None if self.deadline is None else self._until,
            objectives=make_objectives(self.resolved, self.plugins),
        ).run()

    def _until(self, steps: int) -> float:
        """Return when a fit ends that has done so many steps."""
        useful = self.share is not None and steps >= LEAST * self.resolved.fit.steps
        end = self.share if useful else self.deadline
        assert end is not None
        return end


def uncopied(problem: RestorationProblem, side: int) -> torch.Tensor | None:
    """Return which measurements lie in no tile that is copied (1, 1, h, w) bool; None: all.

    What is kept back must not be copied into what is judged by it.
    """
    copied = [tile for tile in problem.tiling(side).tiles if _is_known(problem, tile)]
    if not copied:
        return None
    found = torch.ones(problem.known.shape, dtype=torch.bool, device=problem.known.device)
    for tile in copied:
        tile.cut(found, problem.operator.factor).fill_(False)
    return found


def _mean(mean: Estimate, added: Estimate, count: int) -> Estimate:
    """Return the mean of `count` outputs from that of one less."""
    # Not in place: a fit's last, chosen and oracle outputs may be the same tensors.
    return {name: value.lerp(added[name], 1 / count) for name, value in mean.items()}


def _bare(fit: FitResult) -> FitResult:
    """Return what a fit has to tell, without its outputs."""
    return replace(fit, chosen={}, last={}, oracle=None, deviation=None)


def _is_known(problem: RestorationProblem, tile: Tile) -> bool:
    """Return whether a part has nothing to restore."""
    return problem.copy_known and bool(tile.cut(problem.known, problem.operator.factor).all())


def _spread(tiles: Sequence[Tile], count: int) -> list[Tile]:
    """Return `count` tiles, evenly spread over the list."""
    return [tiles[(2 * i + 1) * len(tiles) // (2 * count)] for i in range(min(count, len(tiles)))]
