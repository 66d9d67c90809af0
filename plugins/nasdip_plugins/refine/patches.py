"""Patch-Gaussian collaborative filtering: one pass over a picture."""

from collections.abc import Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_plugins.refine.groups import Grouping, partners

Each = Literal["group", "reference", "incomplete"]
_SOFTNESS = 1.5
"""Distance at which a patch counts 1/e of the nearest, in mean distances of its group."""
_FLOATS = {"cpu": 2**19, "cuda": 2**27}
"""What is held at a time: samples of groups, or distances."""


def filtered(
    data: Tensor, precision: Tensor, pilot: Tensor, grouping: Grouping, *, each: Each = "group"
) -> Tensor:
    """Return the estimate (1, C, H, W) of a picture from noisy samples and a pilot of it.

    Patches that are alike in the pilot count as draws from one Gaussian N(m, S) (Lebrun, Buades,
    Morel, "A nonlocal Bayesian image denoising algorithm", 2013; Yu, Sapiro, Mallat, "Solving
    inverse problems with piecewise linear estimators", 2012): m and S are taken from the pilot,
    and a patch y whose samples have the precisions p, 0 where they are missing, is estimated as
    E[x | y] = m + S (S + diag(1/p))^-1 (y - m). Overlapping estimates are averaged.

    `data`, `precision`, `pilot`: (1, C, H, W). `each` names what is estimated of each group: all
    of it, with the precisions of the reference patch; the reference patch; or that where some of
    its samples are missing. The model of a reference patch alone counts patches by their distance
    to it, that of a whole group all alike. What no estimate covers stays as in the pilot.
    """
    height, width = (int(length) for length in pilot.shape[-2:])
    grouping = grouping.fitted_to((height, width))
    # The steps between reference patches lead exactly to the last one in an enlarged picture.
    extra = [-(length - grouping.patch) % grouping.stride for length in (height, width)]
    data, precision, pilot_ = (
        F.pad(picture, (0, extra[1], 0, extra[0]), mode="replicate")
        for picture in (data, precision, pilot)
    )
    total, count = torch.zeros_like(pilot_), torch.zeros_like(pilot_[:, :1])
    for rows, columns, inside in _tiles(pilot_, grouping):
        if each == "incomplete" and bool((precision[..., rows, columns] > 0).all()):
            continue
        found, shares = _tile(
            data[..., rows, columns],
            precision[..., rows, columns],
            pilot_[..., rows, columns],
            grouping,
            inside,
            each,
        )
        total[..., rows, columns] += found
        count[..., rows, columns] += shares
    estimate = torch.where(count > 0, total / count.clamp(min=1), pilot_)
    return estimate[..., :height, :width]


def _tiles(
    picture: Tensor, grouping: Grouping
) -> Iterator[tuple[slice, slice, tuple[slice, slice]]]:
    """Yield rows and columns of parts of a picture, and where in them reference patches start."""
    side = max(1, int(_room(picture, (2 * grouping.reach + 1) ** 2) ** 0.5)) * grouping.stride
    places = [int(length) - grouping.patch + 1 for length in picture.shape[-2:]]

    def parts(count: int) -> Iterator[tuple[slice, slice]]:
        for start in range(0, count, side):
            stop = min(start + side, count)
            first = max(0, start - grouping.reach)
            last = min(count, stop + grouping.reach)
            yield slice(first, last + grouping.patch - 1), slice(start - first, stop - first)

    for rows, inner_rows in parts(places[0]):
        for columns, inner_columns in parts(places[1]):
            yield rows, columns, (inner_rows, inner_columns)


def _tile(
    data: Tensor,
    precision: Tensor,
    pilot: Tensor,
    grouping: Grouping,
    inside: tuple[slice, slice],
    each: Each,
) -> tuple[Tensor, Tensor]:
    """Return the sums (1, C, h, w) of estimates and how many there are (1, 1, h, w)."""
    side = grouping.patch
    size = int(data.shape[-2]), int(data.shape[-1])
    places = (size[0] - side + 1, size[1] - side + 1)
    pilots, patches, precisions = (
        F.unfold(picture, side)[0].T.contiguous() for picture in (pilot, data, precision)
    )
    index, distance = partners(pilot, grouping, inside, places)  # (R, K)
    if each != "group":
        known = precisions[index[:, 0]] > 0
        wanted = known.any(dim=1)
        if each == "incomplete":
            wanted &= ~known.all(dim=1)
        index, distance = index[wanted], distance[wanted]
    sums = pilots.new_zeros(places[0] * places[1], pilots.shape[1])
    counts = torch.zeros(len(sums), dtype=torch.long, device=sums.device)
    room = _room(pilot, grouping.partners * pilots.shape[1])
    for some, near in zip(torch.split(index, room), torch.split(distance, room), strict=True):
        reference = some[:, 0]
        group = pilots[some]  # (R, K, D)
        if each == "group":
            mean, seen, at = group.mean(dim=1, keepdim=True), patches[some], some.flatten()
            group = group - mean
        else:
            weights = _closeness(near)[..., None]
            mean, seen, at = weights.mT @ group, patches[reference[:, None]], reference
            group = (group - mean) * (weights * group.shape[1]).sqrt()
        estimate = _expected(seen - mean, precisions[reference], group) + mean
        # Sums of bags are in a fixed order on every device, unlike additions by index.
        count = torch.bincount(at, minlength=len(sums))
        first = count.cumsum(0) - count
        sums += F.embedding_bag(at.argsort(), estimate.flatten(0, 1), first, mode="sum")
        counts += count
    shares = counts.to(sums).expand(1, side**2, -1)
    return F.fold(sums.T[None], size, side), F.fold(shares, size, side)


def _room(picture: Tensor, floats: int) -> int:
    """Return for how many reference patches so many floats each are held at a time."""
    return max(1, _FLOATS.get(picture.device.type, _FLOATS["cpu"]) // floats)


def _closeness(distance: Tensor) -> Tensor:
    """Return (R, K): the share of each patch in the model of the first one."""
    usual = distance.mean(dim=1, keepdim=True)
    return torch.softmax(-distance / (_SOFTNESS * usual + 1e-12), dim=1)


def _expected(deviation: Tensor, precision: Tensor, group: Tensor) -> Tensor:
    """Return S (S + diag(1/p))^-1 d (R, N, D), with S = G^T G / K.

    `deviation` d (R, N, D), `precision` p (R, D), `group` G (R, K, D). With B = G diag(p)^1/2 it
    is G^T (K I + B B^T)^-1 B diag(p)^1/2 d, or S diag(p)^1/2 (I + B^T B / K)^-1 diag(p)^1/2 d:
    whichever has the smaller matrix.
    """
    count, depth = group.shape[1:]
    root = precision.sqrt()[:, None]
    seen = deviation * root  # (R, N, D)
    if count < depth:
        scaled = group * root  # (R, K, D)
        gram = scaled @ scaled.mT
        gram.diagonal(dim1=1, dim2=2).add_(count)
        factor = torch.linalg.cholesky_ex(gram).L
        solved = torch.cholesky_solve(scaled @ seen.mT, factor)  # (R, K, N)
        return solved.mT @ group
    covariance = (group.mT @ group) / count
    gram = root.mT * covariance * root
    gram.diagonal(dim1=1, dim2=2).add_(1)
    factor = torch.linalg.cholesky_ex(gram).L
    solved = torch.cholesky_solve(seen.mT, factor)  # (R, D, N)
    estimate: Tensor = (solved.mT * root) @ covariance
    return estimate
