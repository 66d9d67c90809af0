"""Tasks whose networks say something else than the truth keep the contract of problems."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nasdip_core.architecture.specification import Architecture
from nasdip_core.plugins import Plugins
from nasdip_core.task import Inputs
from nasdip_core.testing import ProblemCase, ProblemConformance
from nasdip_tasks.deblur.options import DeblurCorruption, DeblurOptions
from nasdip_tasks.deblur.task import Deblur
from nasdip_tasks.factorize.options import FactorizeOptions
from nasdip_tasks.factorize.task import Factorize
from nasdip_tasks.separate.options import SeparateCorruption, SeparateOptions
from nasdip_tasks.separate.task import Separate
from nasdip_tasks.translate.options import TranslateOptions
from nasdip_tasks.translate.task import Translate

PLUGINS = Plugins.discover()


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaps(truth: Tensor) -> Inputs:
    """A picture of which a fifth of the entries is missing."""
    lost = (torch.rand(truth.shape, generator=draws(3)) < 0.2).float()
    return Inputs(picture=truth * (1 - lost), mask=lost, truth=truth, levels=None)


class TestFactorize(ProblemConformance):
    @pytest.fixture(params=["matrix", "cube", "line"])
    def case(self, request: pytest.FixtureRequest) -> ProblemCase:
        channels = 4 if request.param == "cube" else 1
        truth = torch.rand(1, channels, 12, 10, generator=draws())
        options = FactorizeOptions(rank=3, latent="line" if request.param == "line" else "free")
        network = Architecture.model_validate(
            {"levels": 2, "input": {"channels": 4}, "norm": "none", "output": "linear"}
        )
        return ProblemCase(Factorize(PLUGINS), options, gaps(truth), network, ("held-out",))


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of pictures of the same names."""
    folders = []
    for seed in range(2):
        folder = tmp_path_factory.mktemp("set")
        samples = np.random.default_rng(seed).integers(0, 256, (2, 34, 36, 3), np.uint8)
        for i, picture in enumerate(samples):
            Image.fromarray(picture).save(folder / f"{i}.png")
        folders.append(folder)
    return folders[0], folders[1]


class TestTranslate(ProblemConformance):
    @pytest.fixture(params=["sets", "names", "grey"])
    def case(self, request: pytest.FixtureRequest, sets: tuple[Path, Path]) -> ProblemCase:
        source, target = str(sets[0]), str(sets[1])
        given = {
            "sets": {"source": source, "target": target},
            "names": {"source": source, "target": target, "pairs": "names"},
            "grey": {"target": target, "pairs": "grey"},
        }[request.param]
        options = TranslateOptions.model_validate({**given, "crop": 32, "critic_width": 4})
        truth = torch.rand(1, 3, 20, 24, generator=draws())
        inputs = Inputs(truth.mean(dim=1, keepdim=True).expand_as(truth), truth=truth)
        return ProblemCase(Translate(PLUGINS), options, inputs)


class TestWatermark(ProblemConformance):
    @pytest.fixture
    def case(self) -> ProblemCase:
        task, truth = Separate(PLUGINS), torch.rand(1, 3, 16, 16, generator=draws())
        corruption = SeparateCorruption(shared="watermark", album=["sample:coffee"])
        made = task.corrupt(truth, corruption, draws())
        inputs = Inputs(made.picture, guide=made.guide, truth=made.truth)
        options = SeparateOptions(shared="watermark")
        return ProblemCase(task, options, inputs, absent=("other",))


class TestBlindDeblurring(ProblemConformance):
    @pytest.fixture
    def case(self) -> ProblemCase:
        task, truth = Deblur(PLUGINS), torch.rand(1, 3, 18, 18, generator=draws())
        made = task.corrupt(truth, DeblurCorruption(kernel="motion", length=3.0), draws())
        inputs = Inputs(made.picture, truth=made.truth)
        return ProblemCase(task, DeblurOptions(side=3), inputs)
