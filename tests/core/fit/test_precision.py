"""bfloat16 is of the network's arithmetic alone: weights, loss and result stay in float32."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasdip_core.architecture.specification import Architecture
from nasdip_core.options import parse
from nasdip_core.restoration import RestorationProblem

MakeFit = Callable[..., Any]
SMALL = {"levels": 2, "input": {"channels": 4}, "encoder": {"widths": 6}, "decoder": {"widths": 6}}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision(make_fit: MakeFit, precision: str) -> None:
    grey = torch.full((1, 1, 16, 16), 0.8)
    architecture = parse(Architecture, SMALL, "")
    fit, _ = make_fit(
        RestorationProblem(grey), steps=60, precision=precision, architecture=architecture
    )
    seen: set[torch.dtype] = set()

    def note(module: nn.Module, inputs: Any, output: Tensor) -> None:
        seen.add(output.dtype)

    network = fit.networks["picture"].module
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    found = fit.run()
    assert seen == {getattr(torch, precision)}
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert found.chosen["restored"].dtype == torch.float32
    torch.testing.assert_close(found.chosen["restored"], grey, atol=0.1, rtol=0)
