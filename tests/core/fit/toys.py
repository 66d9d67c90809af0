"""Toy problems: one network, two coupled networks, two players that take turns."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nasdip_core.fit.options import FitOptions, GuardOptions
from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Slot, Step

TINY = {
    "levels": 2,
    "input": {"channels": 4, "scale": 1.0},
    "encoder": {"widths": 6, "convolutions": 1},
    "decoder": {"widths": 6, "pointwise": False},
    "skip": {"widths": 2},
}
"""A network of two levels and few channels."""


class Constant(nn.Module):
    """Emits its one parameter as a (1, 1, 4, 4) picture."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, z: Tensor) -> Tensor:
        return self.value.expand(1, 1, 4, 4) + 0 * z.mean()


def constant_slot(value: float = 0.0) -> Slot:
    return Slot(1, (4, 4), input=torch.zeros(1, 1, 4, 4), module=lambda: Constant(value))


class Toy(Problem):
    """Renders its estimate as it is; `seen` counts what the loss closures record."""

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        return {name: Rendered(value.clamp(0, 1)) for name, value in estimate.items()}


class Target(Toy):
    """One constant fitted to a target; the truth is another value on the way there."""

    def __init__(
        self,
        target: float = 1.0,
        truth: float | None = None,
        loss: Callable[[Step, Tensor], Tensor] | None = None,
    ) -> None:
        self.target = target
        self.truth = None if truth is None else torch.tensor(truth)
        self._custom = loss
        self.extra = 0
        super().__init__({"picture": constant_slot()}, [Player("fit", ("picture",), self.loss)])

    def loss(self, step: Step) -> Tensor:
        error = (step["picture"] - self.target).square().mean()
        return error if self._custom is None else self._custom(step, error)

    def estimate(self, step: Step) -> Estimate:
        self.extra += 1
        return {"restored": step["picture"].detach()}

    def measures(self, estimate: Estimate) -> dict[str, float]:
        if self.truth is None:
            return {}
        error = (estimate["restored"] - self.truth).square().mean()
        return {"psnr": float(-10 * torch.log10(error + 1e-12))}

    def state_dict(self) -> dict[str, Any]:
        return {"extra": self.extra}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.extra = state["extra"]


class Sum(Toy):
    """Two coupled networks: a + b = 1 with a pulled to 0.25."""

    def __init__(self) -> None:
        super().__init__(
            {"a": constant_slot(), "b": constant_slot()}, [Player("both", ("a", "b"), self.loss)]
        )

    def loss(self, step: Step) -> Tensor:
        coupled = (step["a"] + step["b"] - 1).square().mean()
        return coupled + (step["a"] - 0.25).square().mean()

    def estimate(self, step: Step) -> Estimate:
        return {"a": step["a"].detach(), "b": step["b"].detach()}


class Duel(Toy):
    """An adversary on mini-batches: a critic scores data high, the generator wants its score.

    The critic is w x on scalars; it ascends w (data - fake) - w^2 / 2, the generator ascends
    w fake. The equilibrium is fake = data mean.
    """

    def __init__(self, data: float = 0.7) -> None:
        self.data = data
        self.turns: list[str] = []
        critic = Slot(1, (1, 1), in_channels=1, module=lambda: nn.Linear(1, 1, bias=False))
        super().__init__(
            {"generator": constant_slot(), "critic": critic},
            [
                Player("critic", ("critic",), self._critic, turns=2, descends=False),
                Player("generator", ("generator",), self._generator, descends=False),
            ],
        )

    def batch(self, index: int, generator: torch.Generator) -> Tensor:
        return self.data + 0.05 * torch.randn(16, 1, generator=generator)

    def _critic(self, step: Step) -> Tensor:
        self.turns.append("critic")
        critic = step.networks["critic"]
        fake = step["generator"].mean().view(1, 1)
        weight = next(critic.parameters())
        return critic(fake).mean() - critic(step.batch).mean() + weight.square().sum() / 2

    def _generator(self, step: Step) -> Tensor:
        self.turns.append("generator")
        return -step.networks["critic"](step["generator"].mean().view(1, 1)).mean()

    def estimate(self, step: Step) -> Estimate:
        return {"generator": step["generator"].detach()}


class At(StoppingRule):
    """Calls the given steps the best, stops at one, and records what it saw."""

    def __init__(self, best: tuple[int, ...] = (), stop: int | None = None) -> None:
        self.best = best
        self.stop = stop
        self.seen: list[int] = []

    def observe(self, observation: Observation) -> Verdict:
        self.seen.append(observation.step)
        return Verdict(
            statistic=float(observation.step),
            best=observation.step in self.best,
            stop=observation.step == self.stop,
        )

    def state_dict(self) -> dict[str, Any]:
        return {"seen": list(self.seen)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.seen = list(state["seen"])


def fit_options(**values: Any) -> FitOptions:
    guard: Mapping[str, Any] = values.pop("guard", {})
    defaults: dict[str, Any] = {"steps": 50, "lr": 0.05, "jitter": 0.0, "averaging": 0.0}
    return FitOptions(**{**defaults, **values}, guard=GuardOptions(**guard))
