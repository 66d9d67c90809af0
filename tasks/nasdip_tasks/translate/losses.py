"""The two sides of a least-squares critic (Mao et al., "LSGAN", ICCV 2017)."""

from torch import Tensor


def judged_real(judged: Tensor) -> Tensor:
    """Return (D - 1)^2, the translator's side."""
    return (judged - 1).square().mean()


def told_apart(real: Tensor, fake: Tensor) -> Tensor:
    """Return ((D(real) - 1)^2 + D(fake)^2) / 2, the critic's side."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2
