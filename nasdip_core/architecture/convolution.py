"""Convolutions as a CPU computes them fastest: the same values as `nn.Conv2d`, up to rounding.

Where the channels are not innermost, or off the CPU, they are plain convolutions.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_BAND = 64
"""Rows of a picture that a weight gradient is summed over at a time."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Features (B, C, 2H, 2W) before the nearest neighbour has doubled the last ones.

    Spares a convolution that follows more than half of its work.
    """

    beside: Tensor | None
    """The first channels (B, C_s, 2H, 2W), if any."""
    low: Tensor
    """The last channels (B, C - C_s, H, W), to be doubled."""


class Convolution(nn.Conv2d):
    """(B, C_in, H, W) -> (B, C_out, H / stride, W / stride); takes `Repeated` features as well."""

    def forward(self, features: Tensor | Repeated) -> Tensor:
        """Return the convolved features."""
        if isinstance(features, Repeated):
            return self._of_repeated(features)
        if not _innermost(features):
            return super().forward(features)
        if self.kernel_size == self.stride == (1, 1):
            return _pointwise(features, self.weight, self.bias)
        if self.dilation != (1, 1):
            return dilated(features, self.weight, self.bias, int(self.padding[0]), self.dilation[0])
        if self.padding_mode != "zeros":
            features = F.pad(features, self._reversed_padding_repeated_twice, self.padding_mode)
            return _convolve(features, self.weight, self.bias, self.stride[0], 0)
        return _convolve(features, self.weight, self.bias, self.stride[0], int(self.padding[0]))

    def _of_repeated(self, features: Repeated) -> Tensor:
        """Convolve before the doubling: a transposed convolution of 4 x 4 taps and stride 2.

        out[o] = sum_k w[k] low[(o + k - 1) // 2] = sum_i v[o - 2i + 1] low[i] along each axis,
        v = (w2, w1 + w2, w0 + w1, w0): 4 products an output and channel, not 9.
        """
        beside, low = features.beside, features.low
        if not _innermost(low):
            doubled = F.interpolate(low, scale_factor=2.0, mode="nearest")
            return super().forward(doubled if beside is None else torch.cat([beside, doubled], 1))
        channels = 0 if beside is None else beside.shape[1]
        taps = F.pad(self.weight[:, channels:].flip(-2, -1), (1, 1, 1, 1))  # (C_out, C, 5, 5)
        taps = taps[..., 1:, :] + taps[..., :-1, :]
        taps = (taps[..., 1:] + taps[..., :-1]).transpose(0, 1)  # (C, C_out, 4, 4)
        out = F.conv_transpose2d(low, taps, self.bias, stride=2, padding=1)
        if beside is not None:
            out.add_(_convolve(beside, self.weight[:, :channels], None, 1, 1))
        return out


def dilated(
    features: Tensor, weight: Tensor, bias: Tensor | None, padding: int, dilation: int
) -> Tensor:
    """Convolve (B, C_in, H, W) by (C_out, C_in, k, k), stride 1, with zeros around."""
    # Automatic casts do not reach into an autograd function.
    if not _innermost(features) or torch.is_autocast_enabled("cpu"):
        return F.conv2d(features, weight, bias, 1, padding, dilation)
    padded = F.pad(features, (padding,) * 4)
    out: Tensor = _Convolve.apply(padded, weight, bias, dilation)  # type: ignore[no-untyped-call]
    return out


def takes_repeated(layer: nn.Module | None) -> bool:
    """Return whether a layer takes `Repeated` features: a convolution, 3 x 3, zeros around."""
    return isinstance(layer, Convolution) and (
        (layer.kernel_size, layer.stride, layer.padding_mode) == ((3, 3), (1, 1), "zeros")
    )


def joined(parts: list[Tensor]) -> Tensor:
    """Return parts (B, C_i, H, W) side by side: (B, sum C_i, H, W)."""
    if len(parts) == 1:
        return parts[0]
    if not all(_innermost(part) for part in parts):
        return torch.cat(parts, dim=1)
    result: Tensor = _Join.apply(*parts)  # type: ignore[no-untyped-call]
    return result


def _innermost(features: Tensor) -> bool:
    return features.is_cpu and features.is_contiguous(memory_format=torch.channels_last)


def _pointwise(features: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve 1 x 1 as the matrix product that it is; torch goes a long way round."""
    batch, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).reshape(-1, channels)
    out = rows @ weight.flatten(1).t()
    if bias is not None:
        out.add_(bias)
    return out.view(batch, height, width, -1).permute(0, 3, 1, 2)


def _convolve(
    features: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int
) -> Tensor:
    large = (
        stride == 1 and padding == 0 and features.shape[0] == 1 and features.shape[2] > 2 * _BAND
    )
    # Automatic casts do not reach into an autograd function.
    if large and not torch.is_autocast_enabled("cpu"):
        out: Tensor = _Convolve.apply(features, weight, bias, 1)  # type: ignore[no-untyped-call]
        return out
    return F.conv2d(features, weight, bias, stride, padding)


class _Convolve(torch.autograd.Function):
    """A convolution of stride 1 without padding, with a weight gradient of its own.

    oneDNN's takes two thirds of the time; with AVX2 and 7 x 7 dilated taps it is its reference,
    44 to 90 times slower.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, dilation: int
    ) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.biased, ctx.dilation = bias is not None, dilation
        return F.conv2d(features, weight, bias, dilation=dilation)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, slope: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        features, weight = ctx.saved_tensors
        slope = slope.contiguous(memory_format=torch.channels_last)
        for_features = for_weight = None
        if ctx.needs_input_grad[0]:
            for_features = _gradients(slope, features, weight, ctx.dilation, 0)
        if ctx.needs_input_grad[1] and ctx.dilation == 1:
            for_weight = _by_bands(slope, features, weight)
        elif ctx.needs_input_grad[1]:
            for_weight = _by_taps(slope, features, weight.shape[2], ctx.dilation)
        return for_features, for_weight, slope.sum((0, 2, 3)) if ctx.biased else None, None


def _by_bands(slope: Tensor, features: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient by the weight, summed over bands of rows, which stay in the cache."""
    more = weight.shape[2] - 1
    parts = (
        _gradients(
            slope[:, :, top : top + _BAND], features[:, :, top : top + _BAND + more], weight, 1, 1
        )
        for top in range(0, slope.shape[2], _BAND)
    )
    found = next(parts)
    for part in parts:
        found.add_(part)
    return found


def _by_taps(slope: Tensor, features: Tensor, kernel: int, dilation: int) -> Tensor:
    """Return sum over b, y, x of slope[b, o, y, x] features[b, c, y + i d, x + j d], by o, c, i, j.

    Both as rows of pixels, the slope with zeros where the taps would run over an edge: each tap is
    the product with all pixels from its own on, and nothing is copied for it.
    """
    more = dilation * (kernel - 1)
    slopes = F.pad(slope.permute(0, 2, 3, 1), (0, 0, 0, more, 0, more)).flatten(0, 2).t()
    pixels = features.permute(0, 2, 3, 1).flatten(0, 2)
    width, count = features.shape[3], pixels.shape[0]
    found = slope.new_empty(kernel, kernel, slope.shape[1], features.shape[1])
    for i in range(kernel):
        for j in range(kernel):
            first = dilation * (i * width + j)
            torch.mm(slopes[:, : count - first], pixels[first:], out=found[i, j])
    return found.permute(2, 3, 0, 1)


def _gradients(
    slope: Tensor, features: Tensor, weight: Tensor, dilation: int, which: int
) -> Tensor:
    """Return the gradient of a convolution without padding by its features (0) or weight (1)."""
    found: Tensor = torch.ops.aten.convolution_backward(
        slope, features, weight, None, [1, 1], [0, 0], [dilation] * 2, False, [0, 0], 1,
        [which == 0, which == 1, False],
    )[which]  # fmt: skip
    return found


class _Join(torch.autograd.Function):
    """torch.cat along channels; its gradients are copied apart.

    The plain one's are views, from which upsampling computes its gradient many times slower.
    """

    @staticmethod
    def forward(ctx: Any, *parts: Tensor) -> Tensor:
        ctx.channels = [part.shape[1] for part in parts]
        return torch.cat(parts, dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, ...]:
        parts = torch.split(slope, ctx.channels, dim=1)
        return tuple(part.contiguous(memory_format=torch.channels_last) for part in parts)
