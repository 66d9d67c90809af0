"""What a network costs, counted on the meta device without any arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from nasdip_core.architecture.assemble import build
from nasdip_core.architecture.input import input_channels
from nasdip_core.architecture.specification import NetworkSpecification
from nasdip_core.plugins import Plugins


class _NearestResize(TorchFunctionMode):
    """Resizes by the nearest neighbour: shapes and counts are the same.

    On the meta device torch takes bicubic interpolation apart in Python, at 0.2 s a call.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is not F.interpolate:
            return func(*args, **(kwargs or {}))
        given = {
            **dict(zip(("input", "size", "scale_factor"), args, strict=False)),
            **(kwargs or {}),
        }
        return func(given["input"], given.get("size"), given.get("scale_factor"))


class _Flops(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own hook
    """Counts as torch's `FlopCounterMode`, which takes apart in Python whatever it cannot count.

    So does the meta device, with normalisations and activations: they return at once here.
    """

    total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten.leaky_relu.default:
            return torch.empty_like(args[0])
        if func is torch.ops.aten.leaky_relu_.default:
            return args[0]
        if func is torch.ops.aten.native_batch_norm.default:
            statistics = args[0].new_empty(args[0].shape[1])
            return torch.empty_like(args[0]), statistics, torch.empty_like(statistics)
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one network at one picture size, float32."""

    parameters: int
    macs: int
    """Multiply-adds of one forward pass (convolutions and matrix products)."""
    activation_bytes: int
    """Bytes that the forward pass keeps for the backward pass, parameters left out."""

    def __add__(self, other: "Cost") -> "Cost":
        """Return the cost of both networks."""
        return Cost(
            self.parameters + other.parameters,
            self.macs + other.macs,
            self.activation_bytes + other.activation_bytes,
        )


def cost_of(
    architecture: NetworkSpecification,
    channels: int,
    size: tuple[int, int],
    plugins: Plugins,
    frames: int = 1,
    *,
    inputs: int | None = None,
) -> Cost:
    """Return parameters, multiply-adds and activation memory for so many pictures of `size`.

    `inputs`: channels of the input; None: those of the random one.
    """
    with torch.device("meta"):
        inputs = input_channels(architecture.input, frames) if inputs is None else inputs
        network = build(architecture, inputs, channels, plugins)
        z = torch.empty(1, inputs, *network.input_size(size))
    owned = {id(parameter) for parameter in network.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        # Views share a storage; the tensor is held so that its address stays taken.
        if id(tensor) not in owned:
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    counter = _Flops()  # type: ignore[no-untyped-call]
    with (
        _NearestResize(),
        counter,
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        network(z, size)
    return Cost(
        parameters=sum(p.numel() for p in network.parameters()),
        macs=frames * counter.total // 2,
        activation_bytes=frames * sum(t.untyped_storage().nbytes() for t in kept.values()),
    )
