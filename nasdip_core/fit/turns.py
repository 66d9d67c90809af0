"""One step of a fit: the players that are active take their turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasdip_core.fit.langevin import disturb
from nasdip_core.fit.networks import SlotNetwork
from nasdip_core.fit.optimisers import Optimisers
from nasdip_core.fit.options import FitOptions
from nasdip_core.objective import Objective
from nasdip_core.problem import Estimate, Problem, Step


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a step."""

    losses: dict[str, float]
    """Of each player that was active."""
    fitted: float
    """Their sum, without the objectives."""
    parts: dict[str, float]
    """What problem and objectives tell of the losses."""
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Turns:
    """Lets players descend, one after the other."""

    problem: Problem
    networks: Mapping[str, SlotNetwork]
    optimisers: Optimisers
    options: FitOptions
    objectives: Sequence[Objective]
    draws: torch.Generator

    def take(self, index: int, last: bool) -> Taken:
        """Do step `index`, counted from 1; `last`: no other one follows."""
        batch = self.problem.batch(index, self.draws)
        modules = {name: network.module for name, network in self.networks.items()}
        losses: dict[str, float] = {}
        parts: dict[str, float] = {}
        terms = 0.0

        def turn() -> Step:
            return Step(index, modules, self._run, batch, self.draws, last)

        step = turn()
        for player in self.problem.active(index):
            for _ in range(player.turns):
                step = turn()
                loss = player.loss(step)
                if player is self.problem.players[0]:
                    further = self._further(step)
                    loss, terms = loss + further, float(further.detach())
                self.optimisers.descend(player, loss)
                if self.options.langevin.noise:
                    scale = self.options.langevin.noise * self.optimisers.rate(player)
                    disturb([modules[slot] for slot in player.slots], scale, self.draws)
                losses[player.name] = float(loss.detach())
                parts |= step.parts
        with torch.no_grad():
            return Taken(losses, sum(losses.values()) - terms, parts, self.problem.estimate(step))

    def _further(self, step: Step) -> Tensor:
        """Return the objectives' terms, which belong to the first player."""
        terms = [o.term(self.problem.shaped(step), step.index) for o in self.objectives]
        for use, term in zip(self.options.objectives, terms, strict=True):
            step.parts[use.uses] = float(term.detach())
        return sum(terms, torch.zeros(()))

    def _run(self, slot: str) -> Tensor:
        network = self.networks[slot]
        if self.options.precision == "float32":
            return network(self.options.jitter, self.draws)
        # Weights, their moments and the loss stay in float32.
        with torch.autocast(self.draws.device.type, torch.bfloat16):
            output = network(self.options.jitter, self.draws)
        return output.float()
