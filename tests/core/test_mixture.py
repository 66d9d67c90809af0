"""Mixtures of layers: what is kept back, what is seen, and coupled networks in the one loop."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.bench.child import classical_estimate
from nasdip_core.errors import PluginError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.mixture import MixtureProblem
from nasdip_core.pipeline.outcome import rendered
from nasdip_core.pipeline.prepare import Prepared
from nasdip_core.pipeline.sources import Sources
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate, Rendered, Slot


class Halves(MixtureProblem):
    """y = (a + b) / 2."""

    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        return (layers["a"] + layers["b"]) / 2

    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        return torch.zeros(())

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        return {
            "restored": Rendered(estimate["a"]),
            "share": Rendered(estimate["b"][:, :1], own=True),
        }


def problem(measured: Tensor, truth: Tensor | None = None) -> Halves:
    size = (int(measured.shape[-2]), int(measured.shape[-1]))
    return Halves(measured, {n: Slot(int(measured.shape[1]), size) for n in "ab"}, truth=truth)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_what_is_kept_back_is_not_seen() -> None:
    measured = torch.rand(2, 3, 12, 10, generator=draws())
    found, other = problem(measured), problem(measured)
    assert torch.equal(found.visible(), measured)
    assert not found.keeps_back
    found.hold_out(0.3, draws(1))
    assert int((~found.fitted).sum()) == 72
    # Other samples where none is fitted: nothing that is seen changes.
    other.measured = torch.where(found.fitted, measured, 1 - measured)
    other.hold_out(0.3, draws(1))
    assert torch.equal(found.visible(), other.visible())
    estimate = {"a": measured[:1], "b": measured[:1]}
    assert found.validation(estimate) != other.validation(estimate)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 3)])
def test_never_all_is_kept_back(size: tuple[int, int]) -> None:
    found = problem(torch.rand(1, 1, *size))
    found.hold_out(0.99, draws())
    assert found.fitted.any()
    assert found.visible().isfinite().all()
    # A rule that asks for it is told.
    assert found.keeps_back
    assert found.validation(dict.fromkeys("ab", found.measured)) == 0


def test_measures_are_of_the_picture_as_written() -> None:
    truth = torch.full((1, 1, 4, 4), 0.5)
    found = problem(truth, truth)
    estimate = {"a": truth + 0.001, "b": truth}
    step = 0.5 - 128 / 255
    assert found.measures(estimate)["psnr"] == pytest.approx(
        -20 * torch.tensor(abs(step)).log10().item(), abs=0.01
    )


def test_maps_are_pictures_of_their_own() -> None:
    given = torch.rand(1, 3, 6, 5)
    picture = picture_of((given[0].permute(1, 2, 0) * 65535).numpy().astype("uint16"))
    sources = Sources(picture, None, None, None)
    estimate = {"a": given, "b": torch.full_like(given, 0.25)}
    found = rendered(problem(given), estimate, sources)
    assert found["restored"].mode == picture.mode
    assert (found["share"].mode, found["share"].suffix) == ("L", ".png")
    assert set(found["share"].colour.flatten().tolist()) == {64}


def test_a_baseline_is_given_the_problem(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    given = torch.rand(1, 3, 6, 5)
    picture = picture_of(given[0].permute(1, 2, 0).numpy())
    prepared = Prepared(Sources(picture, None, None, None), problem(given))

    class Half:
        fills = False

        def restore(self, problem: Halves) -> Tensor:
            return problem.measured / self.divisor

        divisor: Any = 2

    monkeypatch.setattr(type(plugins), "create", lambda *_: Half())
    found = classical_estimate("half", prepared, plugins)
    assert torch.allclose(found.tensor(), given / 2)
    monkeypatch.setattr(Half, "restore", lambda _, problem: problem.measured[..., :3])
    with pytest.raises(PluginError, match=r"returned \(1, 3, 6, 3\), not \(1, 3, 6, 5\)"):
        classical_estimate("half", prepared, plugins)
