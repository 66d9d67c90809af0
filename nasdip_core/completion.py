"""Classical estimates of a matrix (m, n) of which entries are missing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nasdip_core.seeds import generator

_JUDGED = 0.05
"""Share of the known entries by which a threshold or a rank is chosen."""
_PATH = tuple(2.0**-i for i in range(2, 18))
"""Thresholds by the largest singular value."""
_ROUNDS = 60
_SETTLED = 1e-4
"""Relative change at which the rounds of one threshold or rank end."""
_NMF_ROUNDS = 200
"""Updates of the non-negative factors of a guess."""


def best_rank(
    matrix: Tensor, known: Tensor, most: int, complete: Callable[[Tensor, int], Tensor]
) -> int:
    """Return the rank of 1, 2, 3, 4, 6, 8, 12 ... `most` that tells unseen entries best.

    `complete` takes the entries to look at (m, n) bool and a rank.
    """
    hidden = judged(known, generator(0, "judged"))
    steps = range(most.bit_length())
    found = {}
    for rank in sorted({min(most, base << i) for i in steps for base in (1, 3)} | {most}):
        off = (complete(known & ~hidden, rank) - matrix)[hidden]
        found[rank] = float(off.square().mean())
    return min(found, key=found.__getitem__)


def judged(known: Tensor, draws: torch.Generator) -> Tensor:
    """Return which known entries (m, n) to choose by, at least one."""
    chances = torch.rand(known.shape, generator=draws).to(known.device)
    least = torch.where(known, chances, 1).min()
    return known & (chances <= least.clamp(min=_JUDGED))


def soft_impute(matrix: Tensor, known: Tensor, draws: torch.Generator) -> Tensor:
    """Return min_X 1/2 |P(X - M)|^2 + l |X|_*, P(M) the known entries.

    X <- S_l(P(M) + (1 - P) X), l falling, each from the one before (Mazumder, Hastie, Tibshirani,
    "Spectral Regularization Algorithms", JMLR 2010, Algorithm 1); l is chosen by entries that it
    has not seen. A matrix without gaps is returned as it is.
    """
    if bool(known.all()):
        return matrix.clone()
    hidden = judged(known, draws)
    found, errors = torch.zeros_like(matrix), list[float]()
    top = largest(torch.where(known & ~hidden, matrix, 0))
    for share in _PATH:
        found = _settled(matrix, known & ~hidden, found, threshold=share * top)
        errors.append(float((found - matrix)[hidden].square().mean()))
        if not errors[-1] <= min(errors):
            break
    best = min(range(len(errors)), key=errors.__getitem__)
    found = torch.zeros_like(matrix)
    for share in _PATH[: best + 1]:
        found = _settled(matrix, known, found, threshold=share * top)
    return found


def hard_impute(matrix: Tensor, known: Tensor, rank: int) -> Tensor:
    """Return the matrix of a rank that agrees best with the known entries.

    X <- the largest singular values of P(M) + (1 - P) X, from the means of the columns by way of
    smaller ranks (Troyanskaya et al., "Missing value estimation methods for DNA microarrays", 2001,
    SVDimpute).
    """
    count = known.sum(0, keepdim=True).clamp(min=1)
    found = (torch.where(known, matrix, 0).sum(0, keepdim=True) / count).expand_as(matrix)
    for step in sorted({min(rank, 1 << i) for i in range(rank.bit_length() + 1)}):
        found = _settled(matrix, known, found, rank=step)
    return found


def nmf(
    matrix: Tensor, known: Tensor, rank: int, draws: torch.Generator, rounds: int
) -> tuple[Tensor, Tensor]:
    """Return T (m, r) >= 0, L (r, n) >= 0 that make |P(T L - M)|^2 small, M >= 0.

    Multiplicative updates (Lee, Seung, "Algorithms for Non-negative Matrix Factorization", 2001,
    Theorem 1), over the known entries only.
    """
    weights = known.to(matrix.dtype)
    target = matrix.clamp(min=0) * weights
    size = float((target.sum() / weights.sum()).clamp(min=1e-12) / rank) ** 0.5
    left, right = (
        (0.5 + torch.rand(shape, generator=draws).to(matrix)) * size
        for shape in ((matrix.shape[0], rank), (rank, matrix.shape[1]))
    )
    for _ in range(rounds):
        left = left * (target @ right.T) / ((weights * (left @ right)) @ right.T).clamp(min=1e-12)
        right = right * (left.T @ target) / (left.T @ (weights * (left @ right))).clamp(min=1e-12)
    return left, right


@dataclass(frozen=True, slots=True)
class Guess:
    """Factors to begin with: M ~ rows diag(gains) columns^T, the factors of unit mean square."""

    rows: Tensor
    """(m, r)."""
    columns: Tensor
    """(n, r)."""
    gains: Tensor
    """(r)."""


def first_guess(
    matrix: Tensor, known: Tensor, rank: int, draws: torch.Generator, *, nonnegative: bool
) -> Guess:
    """Return factors of the completed matrix (m, n): singular vectors, or non-negative ones."""
    whole = soft_impute(matrix, known, draws)
    if nonnegative:
        left, right = nmf(whole, torch.ones_like(known), rank, draws, _NMF_ROUNDS)
        right = right.T
    else:
        left, values, right = singular(whole, rank)
        left = left * values
    sizes = [factor.square().mean(0).sqrt().clamp(min=1e-12) for factor in (left, right)]
    return Guess(left / sizes[0], right / sizes[1], sizes[0] * sizes[1])


def singular(matrix: Tensor, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return U (m, r), s (r), V (n, r) of the largest singular values, M ~ U diag(s) V^T."""
    if matrix.shape[0] < matrix.shape[1]:
        left, values, right = singular(matrix.T, most)
        return right, values, left
    values, right = _gram(matrix)
    values, right = values[:most], right[:, :most]
    return matrix @ right / values.clamp(min=1e-12), values, right


def largest(matrix: Tensor) -> float:
    """Return the largest singular value."""
    return float(singular(matrix, 1)[1])


def _gram(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return s (n) and V (n, n) of the smaller Gram matrix, quick where m is large."""
    wide = matrix.double()  # squares of small values are lost in single precision
    squares, vectors = torch.linalg.eigh(wide.T @ wide)
    return squares.clamp(min=0).sqrt().flip(0).to(matrix), vectors.flip(1).to(matrix)


def _settled(
    matrix: Tensor,
    known: Tensor,
    found: Tensor,
    *,
    threshold: float = 0.0,
    rank: int | None = None,
) -> Tensor:
    """Fill the gaps with what is found, keep the large singular values, until little changes."""
    if matrix.shape[0] < matrix.shape[1]:
        return _settled(matrix.T, known.T, found.T, threshold=threshold, rank=rank).T
    for _ in range(_ROUNDS):
        filled = torch.where(known, matrix, found)
        values, right = _gram(filled)
        shrunk = (values - threshold).clamp(min=0)[:rank]
        kept = max(1, int((shrunk > 0).sum()))
        share = shrunk[:kept] / values[:kept].clamp(min=1e-12)
        after = ((filled @ right[:, :kept]) * share) @ right[:, :kept].T
        moved = float((after - found).norm() / found.norm().clamp(min=1e-12))
        found = after
        if moved < _SETTLED:
            break
    return found
