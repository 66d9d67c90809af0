"""Pictures that are mixtures of layers, each layer from a network of its own."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.imaging.metrics import psnr
from nasdip_core.problem import Estimate, Player, Problem, Slot, Step

_SCALES = 3
"""Sizes at which edges are compared, each half of the one before."""


class MixtureProblem(Problem):
    """min mean over pixels of (g(f_1(z_1), ..., f_n(z_n)) - y)^2 + penalty (Double-DIP, eq. 1).

    Gandelsman, Shocher, Irani, "Double-DIP", CVPR 2019. `measured` y holds N mixtures of the same
    layers, (N, C, H, W) in [0, 1]; the first output is a picture (1, C, H, W) like them.
    """

    def __init__(
        self,
        measured: Tensor,
        slots: Mapping[str, Slot],
        *,
        truth: Tensor | None = None,
        levels: int | None = 255,
    ) -> None:
        """`levels` is the integer that means 1."""
        self.measured = measured
        self.truth = truth
        self.levels = levels
        self.fitted = torch.ones_like(measured[:, :1], dtype=torch.bool)
        self.kept_back: Tensor | None = None
        super().__init__(slots, [Player("layers", tuple(slots), self._loss)])

    @abstractmethod
    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        """Return the mixtures (N, C, H, W) of layers by their slots' names."""

    @abstractmethod
    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        """Return a scalar that tells likely layers from others, at a step counted from 1.

        What it knows of the measurements comes from `visible`.
        """

    def look(self) -> None:
        """Make first guesses from `visible`; called again where measurements are kept back."""

    def visible(self) -> Tensor:
        """Return the measurements, those kept back replaced by the mean of the nearest others."""
        weights = self.fitted.to(self.measured.dtype)
        near = (self.measured * weights).sum() / weights.sum() / self.measured.shape[1]
        filled = torch.full_like(self.measured, float(near))
        for side in (9, 5, 3):
            total, count = (
                F.avg_pool2d(each, side, 1, side // 2)
                for each in (self.measured * weights, weights)
            )
            filled = torch.where(count > 0, total / count.clamp(min=1e-6), filled)
        return torch.where(self.fitted, self.measured, filled)

    def _loss(self, step: Step) -> Tensor:
        layers = {name: step[name] for name in self.slots}
        weights = self.fitted.to(self.measured.dtype)
        off = (self.mix(layers) - self.measured).square() * weights
        fidelity = off.sum() / weights.sum() / self.measured.shape[1]
        return fidelity + self.penalty(layers, step.index)

    def estimate(self, step: Step) -> Estimate:
        """Return the layers by their slots' names."""
        return {name: step[name].detach() for name in self.slots}

    def hold_out(self, share: float, generator: torch.Generator) -> None:
        """Keep back single pixels of the mixtures, at least one and never all."""
        places = self.fitted.numel()
        # A single pixel cannot be spared: it is fitted and judged by.
        self.kept_back = self.fitted
        if places > 1:
            count = min(max(1, round(share * places)), places - 1)
            self.fitted.view(-1)[torch.randperm(places, generator=generator)[:count]] = False
            self.kept_back = ~self.fitted
        self.look()

    @property
    def keeps_back(self) -> bool:
        """Whether pixels are kept back."""
        return self.kept_back is not None

    def validation(self, estimate: Estimate) -> float | None:
        """Return the mean squared error of the mixtures at the pixels kept back."""
        if self.kept_back is None:
            return None
        off = (self.mix(estimate) - self.measured).square()
        return float(off[self.kept_back.expand_as(off)].mean())

    def measures(self, estimate: Estimate) -> dict[str, float]:
        """Return the PSNR in dB of the first output as it would be written."""
        if self.truth is None:
            return {}
        samples = next(iter(self.render(estimate).values())).samples
        if self.levels is not None:
            samples = (samples * self.levels).round() / self.levels
        return {"psnr": psnr(samples, self.truth)}

    def to(self, device: torch.device) -> None:
        """Move the measurements to a device."""
        self.measured = self.measured.to(device)
        self.fitted = self.fitted.to(device)
        self.kept_back = None if self.kept_back is None else self.kept_back.to(device)
        self.truth = None if self.truth is None else self.truth.to(device)


def steepness(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences down and to the right, (B, C, H, W) each, 0 at the last row or column."""
    wider = F.pad(picture, (0, 1, 0, 1), mode="replicate")
    return wider[..., 1:, :-1] - picture, wider[..., :-1, 1:] - picture


def exclusion(one: Tensor, other: Tensor) -> Tensor:
    """Return how far edges of one picture are edges of the other: a scalar, 0 where none is.

    Mean over scales of sqrt(mean (tanh |a grad x| tanh |b grad y|)^2), a and b such that both weigh
    alike (Zhang, Ng, Chen, "Single image reflection separation with perceptual losses", CVPR 2018,
    eq. 5).
    """
    total = one.new_zeros(())
    for _ in range(_SCALES):
        for x, y in zip(steepness(one), steepness(other), strict=True):
            strong = [(each.detach().abs().mean() + 1e-4).sqrt() for each in (x, y)]
            a, b = strong[1] / strong[0], strong[0] / strong[1]
            common = ((a * x).abs().tanh() * (b * y).abs().tanh()).square().mean()
            # A root has no slope at 0.
            total = total + (common + 1e-8).sqrt()
        one, other = (F.avg_pool2d(each, 2, ceil_mode=True) for each in (one, other))
    return total / _SCALES
