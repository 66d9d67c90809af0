"""Features that need no file keep their contract; those of a file are a network's."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nasdip_core.errors import OptionError
from nasdip_core.features import Features
from nasdip_core.testing import FeaturesConformance
from nasdip_plugins.features.exported import Exported, ExportedOptions
from nasdip_plugins.features.multiscale import Multiscale


class Pooled(nn.Module):
    """A network for tests: sums of a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 8, 3)
        nn.init.normal_(self.filters.weight, generator=torch.Generator().manual_seed(0))

    def forward(self, picture: Tensor) -> Tensor:
        """Return (B, 8)."""
        found: Tensor = self.filters(picture).abs().mean(dim=(2, 3))
        return found


def exported(network: nn.Module, path: Path, side: int) -> str:
    program = torch.export.export(network, (torch.rand(1, 3, side, side),))
    torch.export.save(program, path)
    return str(path)


class TestMultiscale(FeaturesConformance):
    @pytest.fixture
    def features(self) -> Features:
        return Multiscale()


class TestExported(FeaturesConformance):
    @pytest.fixture(params=[None, 32])
    def features(self, request: pytest.FixtureRequest, tmp_path: Path) -> Features:
        side = request.param or self.size[0]
        return Exported(file=exported(Pooled(), tmp_path / "n.pt2", side), size=request.param)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (64, 64)])
def test_multiscale_takes_any_size(size: tuple[int, int]) -> None:
    found = Multiscale().describe(torch.rand(2, 3, *size))
    assert found.shape == (2, 56)
    assert found.isfinite().all()


def test_files_that_hold_no_network_of_features(tmp_path: Path) -> None:
    (tmp_path / "text.pt2").write_text("no network")
    flat = exported(nn.Flatten(), tmp_path / "other.pt2", 16)
    whole = exported(nn.ReLU(), tmp_path / "whole.pt2", 16)
    for file, says in (
        (str(tmp_path / "missing.pt2"), "cannot be used"),
        (str(tmp_path / "text.pt2"), "cannot be used"),
        (flat, "cannot be used"),  # made for another size
        (whole, r"answers \(1, 3, 16, 16\); \(1, D\) is needed"),
    ):
        side = 16 if file == whole else 20
        with pytest.raises(OptionError, match=says):
            Exported(file=file).describe(torch.rand(1, 3, side, side))


def test_a_file_is_looked_for_beside_the_pipeline(tmp_path: Path) -> None:
    assert ExportedOptions(file="n.pt2").located(tmp_path).file == str(tmp_path / "n.pt2")
