"""Dilated convolutions: the values and gradients of torch's own."""

import pytest
import torch
import torch.nn.functional as F

from nasdip_core.architecture.convolution import dilated

CASES = [(1, 3, 2), (1, 7, 3), (2, 5, 2), (3, 3, 1), (2, 1, 2)]


def drawn(batch: int, kernel: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(batch + kernel)
    features = torch.randn(batch, 3, 9, 13, generator=draws, dtype=torch.float64)
    weight = torch.randn(4, 3, kernel, kernel, generator=draws, dtype=torch.float64)
    bias = torch.randn(4, generator=draws, dtype=torch.float64)
    features = features.contiguous(memory_format=torch.channels_last)
    return tuple(t.requires_grad_() for t in (features, weight, bias))  # type: ignore[return-value]


@pytest.mark.parametrize(("batch", "kernel", "dilation"), CASES)
def test_as_torch_has_it(batch: int, kernel: int, dilation: int) -> None:
    inputs = drawn(batch, kernel)
    padding = dilation * (kernel - 1) // 2
    ours = dilated(*inputs, padding, dilation)
    theirs = F.conv2d(*inputs, 1, padding, dilation)
    torch.testing.assert_close(ours, theirs)
    slope = torch.randn(
        theirs.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    torch.testing.assert_close(
        torch.autograd.grad(ours, inputs, slope), torch.autograd.grad(theirs, inputs, slope)
    )


def test_without_a_bias_and_with_channels_outermost() -> None:
    features, weight, _ = drawn(2, 3)
    for layout in (torch.channels_last, torch.contiguous_format):
        given = features.detach().contiguous(memory_format=layout).requires_grad_()
        ours = dilated(given, weight, None, 2, 2)
        torch.testing.assert_close(ours, F.conv2d(given, weight, None, 1, 2, 2))
        torch.testing.assert_close(
            torch.autograd.grad(ours.sum(), weight)[0],
            torch.autograd.grad(F.conv2d(given, weight, None, 1, 2, 2).sum(), weight)[0],
        )


def test_automatic_casts_reach_it() -> None:
    features, weight, bias = (each.detach().float() for each in drawn(1, 3))
    with torch.autocast("cpu", torch.bfloat16):
        assert dilated(features, weight, bias, 2, 2).dtype == torch.bfloat16
