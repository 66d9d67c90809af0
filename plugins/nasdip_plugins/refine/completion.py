"""What is missing among samples without noise, from patches that are alike: coarse to fine."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_plugins.refine.cosine import filled
from nasdip_plugins.refine.groups import Grouping
from nasdip_plugins.refine.patches import filtered

_TOLERANCES = (1e-3, 1e-4, 3e-5, 1e-5)
"""Variances that known samples count with, pass by pass."""
_STEP = 1.5
"""Passes creep in one direction: this much farther saves a third of them."""


def completed(
    measured: Tensor, known: Tensor, passes: Sequence[Grouping], pilot: Tensor | None = None
) -> Tensor:
    """Return (1, C, H, W): `measured` where it is `known`, elsewhere estimated by every pass.

    `known` is (1, 1, H, W) bool. Without a pilot the passes begin with a picture of half the size,
    completed likewise, wherever a hole is too wide for a patch to reach its middle.
    """
    if bool(known.all()):
        return measured
    measured = torch.where(known, measured, 0)
    if pilot is None:
        pilot = _begun(measured, known, passes)
    estimate = torch.where(known, measured, pilot)
    everywhere = known.expand_as(measured)
    for index, grouping in enumerate(passes):
        precision = everywhere / _TOLERANCES[min(index, len(_TOLERANCES) - 1)]
        found = filtered(measured, precision, estimate, grouping, each="incomplete")
        estimate = torch.where(known, measured, estimate + _STEP * (found - estimate))
    return estimate


def _begun(measured: Tensor, known: Tensor, passes: Sequence[Grouping]) -> Tensor:
    """Return a first estimate of what is missing (1, C, H, W); `measured` is 0 there."""
    side = passes[0].patch
    # No patch around such a sample sees a known one, however often it is filtered.
    deep = _depth(known) > side // 2
    if not deep or min(measured.shape[-2:]) < 4 * side:
        return filled(measured, known.expand_as(measured))
    height, width = (int(length) for length in measured.shape[-2:])
    extra = (0, width % 2, 0, height % 2)
    total, share = (F.avg_pool2d(F.pad(x, extra), 2) for x in (measured, known.to(measured)))
    half = completed(total / share.clamp(min=0.25), share > 0, passes)
    enlarged = F.interpolate(half, scale_factor=2.0, mode="bicubic")
    return enlarged[..., :height, :width].clamp(0, 1)


def _depth(known: Tensor) -> float:
    """Return how far the innermost missing sample is from a known one, in pixels."""
    from scipy.ndimage import distance_transform_edt

    return float(distance_transform_edt(~known[0, 0].cpu().numpy()).max())
