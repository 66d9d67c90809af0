"""Refine plugins, one after the other."""

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import PluginError
from nasdip_core.operators import Operator
from nasdip_core.pipeline.chain import Chain
from nasdip_core.plugins import Plugins
from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem


class Grey(Operator):
    """The mean of the channels."""

    def forward(self, picture: Tensor) -> Tensor:
        return picture.mean(dim=1, keepdim=True)


def test_an_estimate_has_the_channels_of_the_picture(
    toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those of the measurements."""
    problem = RestorationProblem(torch.rand(1, 1, 6, 8), channels=3, operator=Grey())
    black = Chain([Use(uses="black")], toys)
    with pytest.raises(PluginError, match=r"returned \(1, 1, 6, 8\), not \(1, 3, 6, 8\)"):
        black.refine(problem, None)
    toy: type[Refine] = toys.find("refine", "black").resolve()
    monkeypatch.setattr(toy, "refine", lambda *_: torch.zeros(1, 3, 6, 8))
    assert black.refine(problem, None).estimate["restored"].shape == (1, 3, 6, 8)
