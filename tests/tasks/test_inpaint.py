"""Inpainting: what counts as missing, and that the known comes back bit for bit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.options import Options, parse
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.inpaint.options import InpaintCorruption, InpaintOptions
from nasdip_tasks.inpaint.task import Inpaint

TASK = Inpaint(Plugins.discover())
KINDS = ["text", "scratches", "box", "bernoulli"]


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


class TestContract(TaskConformance):
    @pytest.fixture(params=KINDS)
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        return TaskCase(
            task=TASK,
            options=InpaintOptions(),
            corruption=InpaintCorruption(kind=request.param),
            clean=0.1 + 0.8 * rand(1, 3, 16, 16),
        )


class TestCorruption:
    @pytest.mark.parametrize("kind", KINDS)
    def test_paints_what_is_missing_and_nothing_else(self, kind: str) -> None:
        clean = 0.1 + 0.8 * rand(1, 3, 64, 48)
        damaged = TASK.corrupt(clean, InpaintCorruption(kind=kind), draws())
        assert damaged.mask is not None
        missing = damaged.mask.expand_as(clean)
        assert 0 < float(damaged.mask.float().mean()) < 0.7
        assert torch.equal(damaged.picture[~missing], clean[~missing])
        colour = 1.0 if kind in {"text", "scratches"} else 0.0
        assert (damaged.picture[missing] == colour).all()

    @pytest.mark.parametrize(
        ("options", "share"), [({"missing": 0.3}, 0.3), ({"kind": "bernoulli"}, 0.5)]
    )
    def test_a_share_means_lost_pixels(self, options: dict[str, Any], share: float) -> None:
        corruption = parse(InpaintCorruption, options, "corrupt")
        damaged = TASK.corrupt(rand(1, 1, 128, 128), corruption, draws())
        assert damaged.mask is not None
        assert float(damaged.mask.float().mean()) == pytest.approx(share, abs=0.02)

    def test_is_text_by_default(self) -> None:
        clean = rand(1, 1, 64, 64)
        default = TASK.corrupt(clean, InpaintCorruption(), draws()).mask
        text = TASK.corrupt(clean, InpaintCorruption(kind="text"), draws()).mask
        assert default is not None
        assert text is not None
        assert torch.equal(default, text)

    def test_implies_nothing(self) -> None:
        corruption: Options = InpaintCorruption(kind="box")
        assert InpaintOptions.implied(corruption) == {}

    @pytest.mark.parametrize("kind", ["text", "scratches", "box"])
    def test_a_share_of_another_kind(self, kind: str) -> None:
        corruption = parse(InpaintCorruption, {"kind": kind, "missing": 0.5}, "corrupt")
        with pytest.raises(OptionError, match=rf"corrupt\.missing does not apply .* '{kind}'"):
            TASK.corrupt(rand(1, 3, 8, 8), corruption, draws())

    @pytest.mark.parametrize("missing", [0, 1, -0.1, 1.5])
    def test_a_share_of_nothing_or_all(self, missing: float) -> None:
        with pytest.raises(OptionError, match=r"corrupt\.missing"):
            parse(InpaintCorruption, {"missing": missing}, "corrupt")


class TestRestore:
    @pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
    def test_known_samples_come_back_bit_for_bit(
        self, brief: Callable[..., Restored], array: np.ndarray, depth: str
    ) -> None:
        if depth == "uint16":
            array = array.astype(np.uint16) * 257 + 3 * (array > 100).astype(np.uint16)
        elif depth == "float32":
            array = array.astype(np.float32) / np.float32(255)
        missing = np.zeros(array.shape[:2], bool)
        missing[5:9, 3:20] = missing[0, 31] = True
        restored = brief(array, "inpaint", mask=missing.astype(np.uint8) * 255).picture
        stored = array.reshape(*array.shape[:2], -1)
        colours = stored.shape[2] if stored.shape[2] in {1, 3} else stored.shape[2] - 1
        assert restored.colour.dtype == array.dtype
        assert np.array_equal(restored.colour[~missing], stored[~missing][:, :colours])
        assert not np.array_equal(restored.colour[missing], stored[missing][:, :colours])
        if colours == stored.shape[2]:
            assert restored.alpha is None
        else:
            assert restored.alpha is not None
            assert np.array_equal(restored.alpha, stored[..., -1])

    def test_a_transparent_region_comes_back_opaque(
        self, brief: Callable[..., Restored], waves: np.ndarray
    ) -> None:
        alpha = np.full(waves.shape[:2], 255, np.uint8)
        alpha[4:9, 6:12] = 0
        restored = brief(np.dstack([waves, alpha]), "inpaint").picture
        assert restored.alpha is None or (restored.alpha == 255).all()
        assert np.array_equal(restored.colour[alpha == 255], waves[alpha == 255])

    def test_colour_that_alpha_has_darkened_is_missing(
        self, tiny: dict[str, Any], waves: np.ndarray
    ) -> None:
        alpha = np.full(waves.shape[:2], 255, np.uint8)
        alpha[4:9, 6:12], alpha[4:9, 12:14] = 0, 160
        stored = np.round(waves * (alpha[..., None] / 255)).astype(np.uint8)
        plain = picture_of(np.dstack([stored, alpha]))
        kind = replace(plain.kind, format="TIFF", premultiplied=True)
        given = replace(plain, kind=kind)
        restored = restore(given, "inpaint", arch=tiny, options={"fit.steps": 3}).picture
        assert np.array_equal(restored.colour[alpha == 255], waves[alpha == 255])
        assert not np.array_equal(restored.colour[alpha == 160], stored[alpha == 160])

    @pytest.mark.parametrize("kind", KINDS)
    def test_damages_and_judges(
        self, brief: Callable[..., Restored], array: np.ndarray, kind: str
    ) -> None:
        restored = brief(array, "inpaint", {"corrupt.kind": kind})
        quality = restored.quality
        assert quality is not None
        assert set(quality) == {"self_stopped", "oracle", "last"}
        assert quality["oracle"]["psnr"] >= quality["self_stopped"]["psnr"] > 5

    def test_the_demonstration_takes_a_share(self, plugins: Plugins, tiny: dict[str, Any]) -> None:
        restored = restore(
            arch=tiny,
            device="cpu",
            options={"corrupt.missing": 0.3, "fit.steps": 1, "fit.stopping": "fixed"},
            plugins=plugins,
        )
        assert restored.picture.colour.shape == (256, 256, 3)

    def test_stops_by_held_out_pixels(
        self, brief: Callable[..., Restored], waves: np.ndarray
    ) -> None:
        restored = brief(waves, "inpaint", {"corrupt.missing": 0.5, "fit.stopping": "held-out"})
        assert restored.result["stopping"]["rule"] == "held-out"
