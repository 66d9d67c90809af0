"""Quality against the truth: PSNR and SSIM of a whole picture of range 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_WINDOW = 11


def psnr(a: Tensor, b: Tensor) -> float:
    """Return -10 log10(mean((a - b)^2)) in dB over all samples of (B, C, H, W); inf when equal.

    Where b has gaps (NaN) nothing is compared. Raises ValueError for shapes that differ.
    """
    _same_shape(a, b)
    first, second = _wide(a), _wide(b)
    errors, gaps = (first - second).square(), second.isnan()
    error = float((errors[~gaps] if gaps.any() else errors).mean())
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(a: Tensor, b: Tensor) -> float | None:
    """Return the mean structural similarity of (B, C, H, W).

    None for a side below 11 pixels, or a b with gaps (NaN). Gaussian window of 11 pixels and sigma
    1.5, K = (0.01, 0.03), mean over channels and frames: Wang et al., "Image quality assessment",
    2004, section III.B. Raises ValueError for shapes that differ.
    """
    from skimage.metrics import structural_similarity

    _same_shape(a, b)
    if min(a.shape[-2:]) < _WINDOW or bool(b.isnan().any()):
        return None
    measure: Any = structural_similarity  # scikit-image has no annotations
    first, second = (_wide(each).flatten(0, 1).numpy() for each in (a, b))
    return float(
        measure(
            first,
            second,
            data_range=1.0,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def _wide(picture: Tensor) -> Tensor:
    """Return a copy in double precision, on the CPU, since not all devices have that.

    In one layout: the same samples have the same sum to the last digit, also after a checkpoint.
    """
    return picture.detach().cpu().double().contiguous()


def _same_shape(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape or a.ndim != 4:
        raise ValueError(
            f"shapes {tuple(a.shape)} and {tuple(b.shape)}; both must be the same (B, C, H, W)"
        )
