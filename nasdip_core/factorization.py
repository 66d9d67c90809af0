"""Factorization of a matrix with gaps: each factor is what a network says on its own grid."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nasdip_core.completion import Guess, first_guess
from nasdip_core.imaging.metrics import psnr
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Slot, Step
from nasdip_core.seeds import generator

Carrier = Literal["rows", "columns", "balanced"]
_STEP = 0.3
"""How far a network's output of 1 leads from the first guess, by the size of a component."""
_UNSEEN = 0.2
"""Share of the entries that the first guess has not seen: what it is wrong about shows there."""
_LEVEL = 0.1
"""Weight of the values beside their slopes; with far less their level is hardly fitted."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a picture (1, C, H, W) is a matrix (m, n), and on which grids its sides lie.

    A grey picture is the matrix itself; else a row is a pixel and a column a channel.
    """

    picture: tuple[int, int, int]
    """Channels, height, width."""
    rows: tuple[int, int]
    """Height and width of the grid of the m rows."""
    columns: tuple[int, int]
    """Height and width of the grid of the n columns."""

    def matrix(self, picture: Tensor) -> Tensor:
        """Return (m, n)."""
        matrix = picture[0, 0] if self.picture[0] == 1 else picture[0].flatten(1).T
        return matrix.contiguous()

    def back(self, matrix: Tensor) -> Tensor:
        """Return (1, C, H, W)."""
        return (matrix if self.picture[0] == 1 else matrix.T).reshape(1, *self.picture)


class FactorizationProblem(Problem):
    """min mean over known (i, j) of ((T L)_ij - M_ij)^2 / mean M^2.

    T (m, r) and L (r, n) come from two networks (Aittala et al., "Computational Mirrors: Blind
    Inverse Light Transport by Deep Matrix Factorization", NeurIPS 2019, section 3). They correct a
    first guess, in steps of each component's size, as singular values span orders of magnitude.

    Where components are `neighbours` each factor is one picture, positive, alike along the
    components, too, and what is compared are the slopes of both sides (the paper's released code).
    """

    output = "restored"

    def __init__(
        self,
        picture: Tensor,
        known: Tensor,
        layout: Layout,
        *,
        rank: int,
        draws: torch.Generator,
        neighbours: bool = False,
        nonnegative: bool = False,
        carrier: Carrier = "columns",
        zero: float = 0.0,
        span: float = 1.0,
        truth: Tensor | None = None,
    ) -> None:
        """`picture` and `known` are (1, C, H, W); `zero` is the sample that means 0.

        The factors are written in units of which `span` are the range of samples.
        """
        self.layout = layout
        self.zero = zero
        self.span = span
        self.measured = layout.matrix(picture) - zero
        self.known = layout.matrix(known)
        self.fitted = self.known
        self.kept_back: Tensor | None = None
        self.rank = rank
        self.nonnegative = nonnegative
        self.carrier = carrier
        self.truth = truth
        self.neighbours = neighbours
        self.guess: Guess | None = None
        self._seed = int(torch.randint(2**62, (), generator=draws))
        self._scale = float(self.measured[self.known].square().mean().clamp(min=1e-12))
        super().__init__({}, [Player("factors", ("rows", "columns"), self._loss)])
        self.look()

    def look(self) -> None:
        """Guess and show the networks what is fitted, and nothing that is kept back."""
        (m, n), fitted = self.measured.shape, self.fitted
        if self.neighbours:
            self.slots = {"rows": Slot(1, (m, self.rank)), "columns": Slot(1, (self.rank, n))}
            return
        draws = generator(self._seed, "guess")
        seen = fitted
        if not bool(self.known.all()):
            seen = fitted & (torch.rand(fitted.shape, generator=draws) > _UNSEEN).to(fitted.device)
        self.guess = guess = first_guess(
            self.measured, seen, self.rank, draws, nonnegative=self.nonnegative
        )
        self.slots = {
            name: Slot(self.rank, grid, guide=_shown(factor, grid))
            for name, factor, grid in (
                ("rows", guess.rows, self.layout.rows),
                ("columns", guess.columns, self.layout.columns),
            )
        }

    @property
    def result_size(self) -> tuple[int, int]:
        """Height and width of the completed picture."""
        return self.layout.picture[1:]

    def factors(self, step: Step) -> tuple[Tensor, Tensor]:
        """Return T (m, r) and L (r, n) of what the networks say."""
        rows, columns = step["rows"], step["columns"]
        if self.guess is None:
            size = self._scale**0.25 / self.rank**0.5
            return rows[0, 0].exp() * size, columns[0, 0].exp() * size
        left = self.guess.rows + _STEP * rows[0].flatten(1).T
        right = self.guess.columns + _STEP * columns[0].flatten(1).T
        if self.nonnegative:
            left, right = left.abs(), right.abs()
        return left * self.guess.gains, right.T

    def _loss(self, step: Step) -> Tensor:
        left, right = self.factors(step)
        off = left @ right - self.measured
        if self.neighbours:
            slopes: Tensor = self._steepness(off) / self._scale**0.5
            return slopes
        loss: Tensor = (off.square() * self.fitted).sum() / self.fitted.sum() / self._scale
        return loss

    def _steepness(self, off: Tensor) -> Tensor:
        """Return mean |d off / di| + mean |d off / dj| + 0.1 mean |off| where it is known."""
        total: Tensor = _LEVEL * (off.abs() * self.fitted).sum() / self.fitted.sum()
        for axis in (0, 1):
            first, second = (self.fitted.narrow(axis, at, off.shape[axis] - 1) for at in (0, 1))
            both = first & second
            total = total + (off.diff(dim=axis).abs() * both).sum() / both.sum().clamp(min=1)
        return total

    def estimate(self, step: Step) -> Estimate:
        """Return both factors, (1, 1, m, r) and (1, 1, r, n)."""
        left, right = self.factors(step)
        return {"rows": left.detach()[None, None], "columns": right.detach()[None, None]}

    def hold_out(self, share: float, generator: torch.Generator) -> None:
        """Keep back single entries, at least one and never all."""
        places = self.known.flatten().nonzero().flatten()
        # A single entry cannot be spared: it is fitted and judged by.
        self.kept_back = self.known
        if len(places) < 2:
            return
        count = min(max(1, round(share * len(places))), len(places) - 1)
        order = torch.randperm(len(places), generator=generator)[:count]
        self.fitted = self.known.clone()
        self.fitted.view(-1)[places[order.to(places.device)]] = False
        self.kept_back = self.known & ~self.fitted
        self.look()

    @property
    def keeps_back(self) -> bool:
        """Whether entries are kept back."""
        return self.kept_back is not None

    def validation(self, estimate: Estimate) -> float | None:
        """Return the mean squared error of the entries kept back, by the mean square of all."""
        if self.kept_back is None:
            return None
        error = self._held_out(estimate, self.kept_back)[:, 3]
        return float(error.square().mean()) / self._scale / self.span**2

    def _held_out(self, estimate: Estimate, kept_back: Tensor) -> Tensor:
        """Return (N, 4): row, column, value and error of every entry kept back."""
        left, right = _pair(estimate)
        i, j = kept_back.nonzero(as_tuple=True)
        measured = self.measured[i, j]
        error = (left[i] * right.T[j]).sum(1) - measured
        values = measured * self.span, error * self.span
        return torch.stack([i.to(error), j.to(error), *values], dim=1)

    def completed(self, estimate: Estimate) -> Tensor:
        """Return T L as a picture (1, C, H, W) in [0, 1]."""
        left, right = _pair(estimate)
        return self.as_picture(left @ right)

    def as_picture(self, matrix: Tensor) -> Tensor:
        """Return a matrix (m, n) as a picture (1, C, H, W) in [0, 1]."""
        return (self.layout.back(matrix) + self.zero).clamp(0, 1)

    def measures(self, estimate: Estimate) -> dict[str, float]:
        """Return the PSNR in dB of the completed matrix."""
        if self.truth is None:
            return {}
        return {"psnr": psnr(self.completed(estimate), self.truth)}

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return T L, both factors, pictures of them, and the entries kept back."""
        left, right = self._settled(*_pair(estimate))
        rendered = {
            self.output: Rendered(self.completed(estimate)),
            "rows": Rendered(left[None, None], array=True),
            "columns": Rendered(right[None, None], array=True),
            "rows-shown": self._picture(left.T, self.layout.rows),
            "columns-shown": self._picture(right, self.layout.columns),
        }
        if self.kept_back is not None:
            entries = self._held_out(estimate, self.kept_back)[None, None]
            rendered["held-out"] = Rendered(entries, array=True)
        return rendered

    def _settled(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors of the same product in one order, of one size and one sign.

        The strongest component comes first. Components that are neighbours stay where they are,
        and share one size.
        """
        sizes = left.abs().amax(0).clamp(min=1e-12), right.abs().amax(1).clamp(min=1e-12)
        if self.neighbours:
            sizes = sizes[0].amax().expand_as(sizes[0]), sizes[1].amax().expand_as(sizes[1])
        sign = torch.where(right.sum(1) < 0, -1.0, 1.0)
        left, right = left / sizes[0] * sign, right / sizes[1][:, None] * sign[:, None]
        size = sizes[0] * sizes[1] * self.span
        if not self.neighbours:
            order = (left.norm(dim=0) * right.norm(dim=1) * size).argsort(descending=True)
            left, right, size = left[:, order], right[order], size[order]
        power = {"rows": 1.0, "columns": 0.0, "balanced": 0.5}[self.carrier]
        return left * size**power, right * (size ** (1 - power))[:, None]

    def _picture(self, factor: Tensor, grid: tuple[int, int]) -> Rendered:
        """Return a picture of a factor (r, m): one below the other where its grid is a line."""
        if self.neighbours or 1 in grid:
            panels = factor[None, None]
            panels = panels - panels.amin(-1, keepdim=True) if not self.neighbours else panels
            top = panels.amax(-1, keepdim=True) if not self.neighbours else panels.amax()
            shown = panels / top.clamp(min=1e-12)
        else:
            shown = _mosaic(_unit(factor).reshape(-1, *grid))
        return Rendered(shown.clamp(0, 1), own=True)

    def to(self, device: torch.device) -> None:
        """Move matrix and guess to a device."""
        self.measured = self.measured.to(device)
        self.known, self.fitted = self.known.to(device), self.fitted.to(device)
        self.kept_back = None if self.kept_back is None else self.kept_back.to(device)
        self.truth = None if self.truth is None else self.truth.to(device)
        if self.guess is not None:
            guess = self.guess
            self.guess = Guess(*(t.to(device) for t in (guess.rows, guess.columns, guess.gains)))


def _pair(estimate: Estimate) -> tuple[Tensor, Tensor]:
    """Return T (m, r) and L (r, n)."""
    return estimate["rows"][0, 0], estimate["columns"][0, 0]


def _shown(factor: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return a factor (m, r) of unit mean square as a picture (1, r, h, w) in [0, 1]."""
    return (0.5 + factor / 6).clamp(0, 1).T.reshape(1, -1, *grid)


def _unit(factor: Tensor) -> Tensor:
    """Return (r, m), each component stretched to [0, 1]."""
    low, high = factor.amin(1, keepdim=True), factor.amax(1, keepdim=True)
    return (factor - low) / (high - low).clamp(min=1e-12)


def _mosaic(pictures: Tensor) -> Tensor:
    """Return (1, 1, H, W) of pictures (r, h, w) side by side, about as wide as high."""
    count, height, width = pictures.shape
    across = max(1, round((count * height / width) ** 0.5))
    down = -(-count // across)
    whole = pictures.new_zeros(down * across, height, width)
    whole[:count] = pictures
    return (
        whole.reshape(down, across, height, width)
        .transpose(1, 2)
        .reshape(1, 1, down * height, across * width)
    )
