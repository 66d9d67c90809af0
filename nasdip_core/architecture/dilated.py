"""Dilated convolutions of stride 1 as a CPU computes them fastest: the values of `F.conv2d`."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def dilated(
    features: Tensor, weight: Tensor, bias: Tensor | None, padding: int, dilation: int
) -> Tensor:
    """Convolve (B, C_in, H, W) by (C_out, C_in, k, k) with zeros around, up to rounding."""
    innermost = features.is_cpu and features.is_contiguous(memory_format=torch.channels_last)
    # Automatic casts do not reach into an autograd function.
    plain = 1 in (dilation, weight.shape[2])
    if plain or not innermost or torch.is_autocast_enabled("cpu"):
        return F.conv2d(features, weight, bias, 1, padding, dilation)
    padded = F.pad(features, (padding,) * 4)
    out: Tensor = _Dilated.apply(padded, weight, bias, dilation)  # type: ignore[no-untyped-call]
    return out


class _Dilated(torch.autograd.Function):
    """A convolution whose weight gradient is one matrix product for each tap.

    oneDNN takes 60 to 200 times as long for 7 x 7 taps, and twice as long for fewer.
    """

    @staticmethod
    def forward(
        ctx: Any, padded: Tensor, weight: Tensor, bias: Tensor | None, dilation: int
    ) -> Tensor:
        ctx.save_for_backward(padded, weight)
        ctx.biased, ctx.dilation = bias is not None, dilation
        return F.conv2d(padded, weight, bias, dilation=dilation)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, slope: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        padded, weight = ctx.saved_tensors
        dilation: int = ctx.dilation
        slope = slope.contiguous(memory_format=torch.channels_last)
        for_features = for_weight = None
        if ctx.needs_input_grad[0]:
            for_features = torch.ops.aten.convolution_backward(
                slope, padded, weight, None, [1, 1], [0, 0], [dilation] * 2, False, [0, 0], 1,
                [True, False, False],
            )[0]  # fmt: skip
        if ctx.needs_input_grad[1]:
            for_weight = _by_weight(slope, padded, weight.shape[2], dilation)
        return for_features, for_weight, slope.sum((0, 2, 3)) if ctx.biased else None, None


def _by_weight(slope: Tensor, padded: Tensor, kernel: int, dilation: int) -> Tensor:
    """Return sum over b, y, x of slope[b, o, y, x] padded[b, c, y + i d, x + j d], by o, c, i, j.

    Both as rows of pixels, the slope with zeros where the taps would run over an edge: each tap is
    the product with all pixels from its own on, and nothing is copied for it.
    """
    more = dilation * (kernel - 1)
    slopes = F.pad(slope.permute(0, 2, 3, 1), (0, 0, 0, more, 0, more)).flatten(0, 2).t()
    pixels = padded.permute(0, 2, 3, 1).flatten(0, 2)
    width, count = padded.shape[3], pixels.shape[0]
    found = slope.new_empty(kernel, kernel, slope.shape[1], padded.shape[1])
    for i in range(kernel):
        for j in range(kernel):
            first = dilation * (i * width + j)
            torch.mm(slopes[:, : count - first], pixels[first:], out=found[i, j])
    return found.permute(2, 3, 0, 1)
