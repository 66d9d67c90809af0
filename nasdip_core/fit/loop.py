"""The one loop: every problem, whatever its networks and players, is solved here."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nasdip_core.errors import OptionError, RunError, RunInterruptedError
from nasdip_core.fit.allocation import memory_kept
from nasdip_core.fit.averaging import OutputAverage
from nasdip_core.fit.checkpoint import load_checkpoint, moved, save_checkpoint
from nasdip_core.fit.events import Event, FitEnded, FitStarted, Observer, Rewound, StepDone
from nasdip_core.fit.guard import DivergenceGuard
from nasdip_core.fit.interrupt import Interrupt, interruptible
from nasdip_core.fit.kept import KeptAverages, cloned
from nasdip_core.fit.langevin import PosteriorAverage
from nasdip_core.fit.networks import SlotNetwork
from nasdip_core.fit.optimisers import Optimisers
from nasdip_core.fit.options import FitOptions
from nasdip_core.fit.result import TIME_UP, FitResult
from nasdip_core.fit.stopping import Observation, StoppingRule
from nasdip_core.fit.threads import ThreadChoice
from nasdip_core.fit.turns import Taken, Turns
from nasdip_core.memory import memory_limit_explained
from nasdip_core.objective import Objective
from nasdip_core.problem import NO_LANGEVIN, Estimate, Problem
from nasdip_core.seeds import generator


class Fit:
    """Trains the networks of a problem until the stopping rule or the last step ends it."""

    def __init__(
        self,
        problem: Problem,
        networks: Mapping[str, SlotNetwork],
        options: FitOptions,
        rule: StoppingRule,
        *,
        seed: int,
        device: torch.device,
        name: str = "fit",
        observers: Sequence[Observer] = (),
        checkpoint: Path | None = None,
        deadline: Callable[[int], float] | None = None,
        objectives: Sequence[Objective] = (),
    ) -> None:
        """`name` is what events tell; the draws are those of `seed`, whatever it is.

        `checkpoint` is the file to save to, and to go on from where it exists.
        The fit ends with the step that begins once `time.monotonic()` has reached `deadline`, which
        is told how many steps are done.
        Raises OptionError where outputs are to be averaged that must not be.
        """
        self.id = name
        self.problem = problem
        self.networks = networks
        # Nobody trains: one look at the networks is all.
        self.options = options if problem.players else options.model_copy(update={"steps": 1})
        self.rule = rule
        self.device = device
        self.checkpoint = checkpoint
        self.deadline = deadline
        self._observers = observers
        self._objectives = objectives
        for objective in objectives:
            objective.begin(problem)
        self._draws = generator(seed, "fit", "steps", device=device.type)
        self._optimisers = Optimisers(problem.players, networks, self.options, device)
        self._turns = Turns(
            problem, networks, self._optimisers, self.options, objectives, self._draws
        )
        decay = options.averaging if problem.averaged else 0.0
        self._average = OutputAverage(decay)
        if options.langevin.noise:
            if not problem.averaged:
                raise OptionError(*NO_LANGEVIN)
            self._average = PosteriorAverage(decay, options.langevin, self.options.steps)
        self._guard = DivergenceGuard(options.guard)
        self._descending = frozenset(each.name for each in problem.players if each.descends)
        self._noise_loss = problem.noise_loss()
        self._step = 0
        self._ended = ""
        self._seconds = 0.0
        self._earlier_seconds = 0.0
        self._threads = ThreadChoice()
        self._lr_factor = 1.0
        self._rewinds = 0
        self._kept = KeptAverages()

    def run(self) -> FitResult:
        """Fit, and return what was found.

        Raises RunInterruptedError on Ctrl-C once the checkpoint is written, RunError where the fit
        diverges again and again or the memory does not suffice.
        """
        if self.checkpoint is not None and self.checkpoint.exists():
            state = load_checkpoint(self.checkpoint)
            self._guard.snapshots.extend(state.get("snapshots", ()))
            self._load(state)
            self._earlier_seconds = self._seconds
        self.advance(self.options.steps)
        rule, seconds = self.options.stopping.uses, self._seconds
        found = self.found()
        self._tell(FitEnded(self.id, self._step, found.best_step, rule, self._ended, seconds))
        return found

    def advance(self, steps: int) -> None:
        """Go on until so many steps are done in all, or the fit ends; raises what `run` raises."""
        self._tell(FitStarted(self.id, self.options.steps, self._step, self._rewinds))
        # Activations that fade into denormal numbers would slow a CPU many times over.
        torch.set_flush_denormal(True)
        try:
            with memory_limit_explained(), memory_kept(), interruptible() as interrupt:
                self._loop(steps, interrupt)
        finally:
            torch.set_flush_denormal(False)
            self._threads.restore()

    def _loop(self, steps: int, interrupt: Interrupt) -> None:
        options = self.options
        saved = started = time.monotonic()
        before = self._seconds
        if not self._guard.snapshots:
            self._guard.keep(self._state())
        while not self._ended and self._step < steps:
            begun = time.monotonic()
            self._threads.before(self._step + 1)
            # Told before it begins, so that the problem takes the last step for what it is.
            late = self.deadline is not None and begun >= self.deadline(self._step)
            last = late or self._step + 1 == options.steps
            done = self._turns.take(self._step + 1, last)
            now = time.monotonic()
            self._threads.after(self._step + 1, now - begun)
            self._seconds = before + now - started
            reason = self._guard.judge(done.losses, self._descending)
            if reason is not None:
                self._rewind(reason)
                continue
            self._step += 1
            if self._judge(done, last):
                self._ended = "the stopping rule ended it"
            elif not self.problem.players:
                self._ended = "there was nothing to learn"
            elif self._step >= options.steps:
                self._ended = f"reached {options.steps} steps"
            elif last:
                self._ended = TIME_UP
            if self._step % options.guard.every == 0:
                self._guard.keep(self._state())
            due = time.monotonic() - saved >= options.checkpoint_seconds
            if self.checkpoint is not None and (due or interrupt.requested or self._ended):
                # A divergence after a resumption leads back to where it would have led without.
                kept = {"snapshots": list(self._guard.snapshots)}
                save_checkpoint(self.checkpoint, self._state() | kept)
                saved = time.monotonic()
            if interrupt.requested:
                raise RunInterruptedError(f"interrupted after step {self._step} of {options.steps}")

    def _judge(self, done: Taken, last: bool) -> bool:
        """Average, ask the stopping rule, measure and report; return whether to stop."""
        average = self._average.update(done.estimate)
        validation = self.problem.validation(average)
        name = next(iter(average))
        verdict = self.rule.observe(
            Observation(
                self._step,
                done.estimate[name],
                average[name],
                validation,
                done.fitted,
                self._noise_loss,
            )
        )
        if verdict.best:
            self._kept.choose(self._step, average)
        ends = verdict.stop or last
        if self._step % self.options.report_every == 0 or self._step == 1 or ends:
            measures = self.problem.measures(average)
            self._kept.measured(self._step, measures.get("psnr"), average)
            self._tell(
                StepDone(
                    self.id,
                    self._step,
                    self._seconds,
                    sum(done.losses.values()),
                    done.losses | done.parts,
                    measures,
                    validation,
                    verdict.statistic,
                    None if self._kept.best is None else self._kept.best.step,
                )
            )
        return verdict.stop

    def _rewind(self, reason: str) -> None:
        """Go back to a state from before the divergence, with a lower rate."""
        diverged = self._step + 1
        self._rewinds += 1
        if self._rewinds > self.options.guard.rewinds:
            raise RunError(
                f"the fit diverged {self._rewinds} times, last at step {diverged}: {reason}",
                "lower fit.lr",
            )
        rewinds, factor = self._rewinds, self._lr_factor * self.options.guard.lr_factor
        self._load(self._guard.go_back())
        self._rewinds, self._lr_factor = rewinds, factor
        self._optimisers.scale_rates(factor)
        # The same jitter would lead to the same place again.
        self._draws.manual_seed(self._draws.initial_seed() + rewinds)
        self._tell(Rewound(self.id, diverged, self._step, factor, reason))

    def found(self) -> FitResult:
        """Return what the steps so far have found, at least one."""
        last: Estimate = cloned(self._average.mean)
        chosen, best_step = last, self._step
        if self._kept.best is not None:
            chosen, best_step = self._kept.best.estimate, self._kept.best.step
        oracle, oracle_step = None, None
        if self._kept.oracle is not None:
            oracle, oracle_step = self._kept.oracle.estimate, self._kept.oracle.step
            # The rule may have chosen a step between two measured ones, and a better one.
            if self.problem.measures(chosen)["psnr"] > self._kept.oracle.psnr:
                oracle, oracle_step = chosen, best_step
        return FitResult(
            self.id,
            chosen,
            last,
            oracle,
            self._step,
            best_step,
            oracle_step,
            self.options.stopping.uses,
            self._ended,
            self._seconds,
            self._earlier_seconds,
            self._average.deviation,
        )

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self._step,
            "ended": self._ended,
            "seconds": self._seconds,
            "lr_factor": self._lr_factor,
            "rewinds": self._rewinds,
            "networks": {n: dict(net.module.state_dict()) for n, net in self.networks.items()},
            "optimisers": self._optimisers.state_dict(),
            "draws": self._draws.get_state(),
            "average": self._average.state_dict(),
            "guard": self._guard.state_dict(),
            "rule": self.rule.state_dict(),
            "problem": self.problem.state_dict(),
            "objectives": [objective.state_dict() for objective in self._objectives],
            **self._kept.state_dict(),
        }

    def _load(self, state: dict[str, Any]) -> None:
        self._step = state["step"]
        self._ended = state["ended"]
        self._seconds = state["seconds"]
        self._lr_factor = state["lr_factor"]
        self._rewinds = state["rewinds"]
        for name, network in self.networks.items():
            network.module.load_state_dict(state["networks"][name])
        self._optimisers.load_state_dict(state["optimisers"])
        self._draws.set_state(state["draws"].cpu())
        self._average.load_state_dict(moved(state["average"], self.device))
        self._guard.load_state_dict(state["guard"])
        self.rule.load_state_dict(moved(state["rule"], self.device))
        self.problem.load_state_dict(state["problem"])
        for objective, kept in zip(self._objectives, state["objectives"], strict=True):
            objective.load_state_dict(moved(kept, self.device))
        self._kept.load_state_dict(state, self.device)
