"""Every fast form against the plain one: values and gradients, in doubles."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasdip_core.architecture import convolution
from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.convolution import Convolution, Repeated, joined, takes_repeated
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Return doubles with the channels innermost."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()
    return values.contiguous(memory_format=torch.channels_last).requires_grad_()


def agree(fast: Callable[[], Tensor], plain: Callable[[], Tensor], of: list[Tensor]) -> None:
    """Compare two ways to compute the same, and their gradients."""
    a, b = fast(), plain()
    torch.testing.assert_close(a, b)
    slope = torch.randn(b.shape, generator=torch.Generator().manual_seed(9)).double()
    for x, y in zip(
        torch.autograd.grad(a, of, slope), torch.autograd.grad(b, of, slope), strict=True
    ):
        torch.testing.assert_close(x, y)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect"])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1)])
@pytest.mark.parametrize("band", [2, 64])
def test_convolution(
    monkeypatch: pytest.MonkeyPatch,
    bias: bool,
    padding_mode: str,
    kernel: int,
    stride: int,
    band: int,
) -> None:
    monkeypatch.setattr(convolution, "_BAND", band)
    padding = (kernel - 1) // 2
    mode = padding_mode if padding else "zeros"
    layer = Convolution(
        3, 5, kernel, stride=stride, padding=padding, padding_mode=mode, bias=bias
    ).double()
    x = drawn(1, 3, 10, 8)
    plain = nn.Conv2d.forward
    agree(lambda: layer(x), lambda: plain(layer, x), [x, *layer.parameters()])


def test_automatic_casts_reach_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_BAND", 2)
    x = drawn(1, 3, 10, 8).float()
    for kernel in (1, 3):
        layer = Convolution(3, 5, kernel, padding=kernel // 2, padding_mode="reflect")
        with torch.autocast("cpu", torch.bfloat16):
            out = layer(x)
        assert out.dtype == torch.bfloat16
        torch.testing.assert_close(out.float(), layer(x), atol=0.1, rtol=0.1)
        out.float().sum().backward()
        assert layer.weight.grad is not None
        assert layer.weight.grad.dtype == torch.float32


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("channels", [0, 2])
def test_a_convolution_of_repeated_features(batch: int, bias: bool, channels: int) -> None:
    layer = Convolution(3 + channels, 5, 3, padding=1, bias=bias).double()
    low = drawn(batch, 3, 4, 6)
    beside = drawn(batch, channels, 8, 12, seed=1) if channels else None

    def plain() -> Tensor:
        doubled = F.interpolate(low, scale_factor=2.0, mode="nearest")
        whole = doubled if beside is None else torch.cat([beside, doubled], dim=1)
        return nn.Conv2d.forward(layer, whole)

    of = [low, *([] if beside is None else [beside]), *layer.parameters()]
    agree(lambda: layer(Repeated(beside, low)), plain, of)
    outermost = low.detach().contiguous()
    torch.testing.assert_close(layer(Repeated(beside, outermost)), plain())


def test_which_layers_take_repeated_features() -> None:
    assert takes_repeated(Convolution(3, 5, 3, padding=1))
    assert not takes_repeated(Convolution(3, 5, 3, padding=1, padding_mode="reflect"))
    assert not takes_repeated(Convolution(3, 5, 1))
    assert not takes_repeated(nn.Conv2d(3, 5, 3, padding=1))
    assert not takes_repeated(None)


def test_joined_features_have_gradients_of_their_own() -> None:
    parts = [drawn(1, 2, 4, 6), drawn(1, 3, 4, 6, seed=1)]
    agree(lambda: joined(parts), lambda: torch.cat(parts, dim=1), parts)
    gradients = torch.autograd.grad(joined(parts).square().sum(), parts)
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in gradients)
    assert joined(parts[:1]) is parts[0]


@pytest.mark.parametrize(
    "name", ["dip", "balanced-denoise", "balanced-super-resolution", "deep-decoder"]
)
def test_a_network_is_the_same_in_both_layouts(plugins: Plugins, name: str) -> None:
    """With the channels outermost every convolution takes the plain way."""
    architecture = find_architecture(name, plugins).architecture
    fast = assemble(architecture, 3, plugins).double()
    plain = assemble(architecture, 3, plugins).double()
    plain.to(memory_format=torch.contiguous_format)
    size = (140, 70)
    z = torch.rand(1, architecture.input.channels, *fast.input_size(size)).double()
    slope = torch.rand(1, 3, *size).double()
    a, b = fast(z, size), plain(z, size)
    torch.testing.assert_close(a, b)
    (a * slope).sum().backward()
    (b * slope).sum().backward()
    for (key, x), y in zip(fast.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(x.grad, y.grad, rtol=1e-6, atol=1e-8, msg=key)


@pytest.mark.parametrize("merge", ["add", "concat"])
def test_nearest_features_are_convolved_before_they_are_doubled(
    plugins: Plugins, merge: str
) -> None:
    network = assemble(
        parse(
            Architecture,
            {
                "levels": 2,
                "cell": {"resample": "nearest"},
                "padding": "zeros",
                "decoder": {"norm_merged": False},
                "skip": {"merge": merge},
                "residual": {"uses": "matrix", "with": {"matrix": [[0, 0], [0, 1]]}},
            },
            "",
        ),
        3,
        plugins,
    )
    seen = []
    for level in network.decoder:
        level.register_forward_pre_hook(lambda _, inputs: seen.append(type(inputs[0])))
    network(torch.rand(1, network.architecture.input.channels, 8, 8))
    # Coarsest first; what is added has the doubled size already.
    assert seen == [Repeated if merge == "concat" else Tensor, Repeated]
