"""The refine plugins: values that theory gives, and gains on bundled pictures."""

import pytest
import torch
from torch import Tensor

from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem
from nasdip_plugins.refine.cosine import filled, thresholded
from nasdip_plugins.refine.groups import Grouping, partners
from nasdip_plugins.refine.patches import _closeness, _expected, filtered

SIGMA = 25 / 255


def sample(name: str, side: int = 64) -> Tensor:
    return read_picture(f"sample:{name}").tensor()[..., 60 : 60 + side, 90 : 90 + side]


def draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noisy(truth: Tensor, sigma: float = SIGMA) -> RestorationProblem:
    noise = sigma * torch.randn(truth.shape, generator=draws(0))
    return RestorationProblem((truth + noise).clamp(0, 1), deviation=lambda _: sigma)


def missing(truth: Tensor, share: float) -> RestorationProblem:
    known = torch.rand(truth[:, :1].shape, generator=draws(0)) >= share
    return RestorationProblem(torch.where(known, truth, 0), known=known, copy_known=True)


def refined(
    name: str, problem: RestorationProblem, plugins: Plugins, pilot: Tensor | None = None
) -> Tensor:
    registration = plugins.find("refine", f"nasdip:{name}")
    model = registration.options()
    options = {} if model is None else parse(model, {}, "refine").model_dump()
    made: Refine = registration.resolve()(**options)
    return made.refine(problem, pilot)


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_collaborative_beats_non_local_means(name: str, plugins: Plugins) -> None:
    truth = sample(name)
    problem = noisy(truth)
    other = plugins.create("baseline", "nasdip:non-local-means").restore(problem)
    found = refined("collaborative", problem, plugins)
    assert psnr(found, truth) > psnr(other.clamp(0, 1), truth) + 0.7


def test_a_good_pilot_helps(plugins: Plugins) -> None:
    truth = sample("astronaut")
    problem = noisy(truth)
    pilot = truth + 0.02 * torch.randn(truth.shape, generator=draws(1))
    found = refined("collaborative", problem, plugins, pilot)
    assert psnr(found, truth) > psnr(refined("collaborative", problem, plugins), truth) + 0.5


def strokes(truth: Tensor) -> RestorationProblem:
    known = torch.ones_like(truth[:, :1], dtype=torch.bool)
    known[..., 10:14, 3:60] = False
    known[..., 30:36, 20:26] = False
    return RestorationProblem(torch.where(known, truth, 1), known=known, copy_known=True)


@pytest.mark.parametrize("name", ["chelsea", "camera"])
def test_biharmonic_fills(name: str, plugins: Plugins) -> None:
    truth = sample(name)
    for problem in (missing(truth, 0.4), strokes(truth)):
        found = refined("biharmonic", problem, plugins)
        known = problem.known.expand_as(truth)
        assert torch.equal(found[known], truth[known])
        filled_grey = torch.where(problem.known, problem.measured, torch.full_like(truth, 0.5))
        assert psnr(found, truth) > psnr(filled_grey, truth) + 2.5


def test_biharmonic_mends_the_seams_of_a_pilot(plugins: Plugins) -> None:
    truth = sample("chelsea")
    problem = strokes(truth)
    tilted = 0.8 * truth + torch.linspace(0, 0.15, 64)
    found = refined("biharmonic", problem, plugins, tilted)
    assert psnr(found, truth) > psnr(refined("biharmonic", problem, plugins), truth) + 5
    assert psnr(found, truth) > psnr(torch.where(problem.known, truth, tilted), truth) + 5


def test_biharmonic_takes_lines_of_text(plugins: Plugins) -> None:
    from nasdip_tasks.inpaint import masks

    truth = read_picture("sample:chelsea").tensor()
    known = ~masks.text((256, 256), draws(3))
    problem = RestorationProblem(truth * known, known=known, copy_known=True)
    assert psnr(refined("biharmonic", problem, plugins), truth) > 30


@pytest.mark.parametrize("name", ["chelsea", "camera"])
def test_collaborative_beats_biharmonic(name: str, plugins: Plugins) -> None:
    truth = sample(name)
    problem = missing(truth, 0.5)
    other = plugins.create("refine", "nasdip:biharmonic").refine(problem, None)
    found = refined("collaborative", problem, plugins)
    assert psnr(found, truth) > psnr(other.clamp(0, 1), truth) + 0.3
    known = problem.known.expand_as(truth)
    assert torch.equal(found[known], truth[known])


def test_noise_and_missing_pixels_at_once(plugins: Plugins) -> None:
    truth = sample("astronaut")
    complete = noisy(truth)
    problem = noisy(truth)
    problem.hold_out(0.03, draws(2))
    expected = psnr(refined("collaborative", complete, plugins), truth)
    assert psnr(refined("collaborative", problem, plugins), truth) > expected - 0.4


def test_without_noise_nothing_changes(plugins: Plugins) -> None:
    truth = sample("camera", 40)
    problem = RestorationProblem(truth, deviation=lambda _: 0.0)
    assert torch.allclose(refined("collaborative", problem, plugins), truth, atol=2e-3)


def test_a_hole_wider_than_a_patch_stays_as_in_the_pilot(plugins: Plugins) -> None:
    truth = sample("camera", 48)
    known = torch.ones(1, 1, 48, 48, dtype=torch.bool)
    known[..., 12:36, 12:36] = False
    problem = RestorationProblem(truth, known=known, copy_known=True)
    pilot = torch.full_like(truth, 0.25)
    found = refined("collaborative", problem, plugins, pilot)
    assert torch.equal(found[..., 23:25, 23:25], pilot[..., 23:25, 23:25])


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_an_edge_goes_on_through_a_hole_wider_than_a_patch(slope: float, plugins: Plugins) -> None:
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    truth = torch.sigmoid(2 * (columns - 20 - slope * rows)).expand(1, 3, 64, 64)
    known = torch.ones(1, 1, 64, 64, dtype=torch.bool)
    known[..., 20:44, 20:44] = False
    problem = RestorationProblem(torch.where(known, truth, 0.3), known=known, copy_known=True)
    found = refined("collaborative", problem, plugins)
    for other in (filled(problem.measured, known), refined("biharmonic", problem, plugins)):
        assert psnr(found, truth) > psnr(other, truth) + 3


@pytest.mark.parametrize("size", [(3, 5), (21, 50), (64, 64)])
def test_what_lies_in_the_hole_is_not_looked_at(size: tuple[int, int], plugins: Plugins) -> None:
    truth = torch.rand(1, 2, *size, generator=draws(0))
    known = torch.ones(1, 1, *size, dtype=torch.bool)
    known[..., 1 : size[0] // 2 + 1, 1 : size[1] // 2 + 1] = False
    one, other = (
        refined(
            "collaborative", RestorationProblem(torch.where(known, truth, x), known=known), plugins
        )
        for x in (0.0, float("nan"))
    )
    assert torch.equal(one, other)
    assert bool(one.isfinite().all())


@pytest.mark.parametrize("sizes", [(30, 8), (8, 30)], ids=["by patches", "by samples"])
def test_the_conditional_mean_is_exact(sizes: tuple[int, int]) -> None:
    """Both forms equal S_xy (S_yy + N)^-1 d computed for the known samples alone."""
    count, depth = sizes
    group = torch.randn(1, count, depth, generator=draws(0))
    deviation = torch.randn(1, 2, depth, generator=draws(1))
    precision = torch.rand(1, depth, generator=draws(2)) + 0.5
    precision[:, ::3] = 0
    known = precision[0] > 0
    covariance = (group.mT @ group)[0] / count
    inner = covariance[known][:, known] + torch.diag(1 / precision[0, known])
    expected = covariance[:, known] @ torch.linalg.solve(inner, deviation[0][:, known].T)
    found = _expected(deviation, precision, group)
    torch.testing.assert_close(found[0], expected.T, rtol=1e-4, atol=1e-5)


def test_partners_are_those_of_a_search_by_hand() -> None:
    picture = torch.rand(1, 2, 11, 13, generator=draws(0))
    grouping = Grouping(3, 2, 4, 6)
    places = (9, 11)
    found, near_by = partners(picture, grouping, (slice(0, 9), slice(0, 11)), places)
    patches = torch.nn.functional.unfold(picture, 3)[0].T
    starts = [(y, x) for y in range(0, 9, 2) for x in range(0, 11, 2)]
    assert found.shape == (len(starts), 6)
    for row, shown, (y, x) in zip(found, near_by, starts, strict=True):
        near = [
            v * 11 + u
            for v in range(max(0, y - 4), min(9, y + 5))
            for u in range(max(0, x - 4), min(11, x + 5))
        ]
        distance = (patches[near] - patches[y * 11 + x]).square().sum(dim=1)
        nearest = [near[i] for i in distance.argsort()[:6]]
        assert row[0] == y * 11 + x
        assert set(row.tolist()) == set(nearest)
        # Summed over channels, means over the pixels of a patch.
        torch.testing.assert_close(shown.sort().values * 9, distance.sort().values[:6])


def test_far_patches_count_less_for_the_model_of_the_first() -> None:
    weights = _closeness(torch.tensor([[0.0, 1.0, 2.0, 9.0], [0.0, 0.0, 0.0, 0.0]]))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    # Mean distance 3, so that a patch 4.5 away would count 1/e of the nearest.
    torch.testing.assert_close(weights[0, 3] / weights[0, 0], torch.tensor(-2.0).exp())
    torch.testing.assert_close(weights[1], torch.full((4,), 0.25))


def test_tiles_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    from nasdip_plugins.refine import cosine, patches

    truth = sample("astronaut", 50)
    problem = noisy(truth)
    variance = torch.full_like(truth, SIGMA**2)

    def both() -> tuple[Tensor, Tensor]:
        start = thresholded(problem.measured, variance)
        grouping = Grouping(4, 3, 6, 20)
        return start, filtered(problem.measured, 1 / variance, start, grouping)

    whole = both()
    monkeypatch.setattr(patches, "_FLOATS", {"cpu": 2**15})
    monkeypatch.setattr(cosine, "_FLOATS", 2**14)
    for one, other in zip(both(), whole, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_filling_keeps_and_reaches() -> None:
    picture = torch.full((1, 2, 9, 13), 0.7)
    known = torch.zeros(1, 1, 9, 13, dtype=torch.bool)
    known[..., 0, 0] = True
    assert torch.allclose(filled(torch.where(known, picture, torch.nan), known), picture)


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_super_resolution_gains_step_by_step(name: str, plugins: Plugins) -> None:
    truth = sample(name)
    operator = plugins.create("operator", "nasdip:lanczos", (64, 64), 4)
    problem = RestorationProblem(operator.forward(truth), size=(64, 64), operator=operator)
    lanczos = plugins.create("baseline", "nasdip:lanczos").restore(problem).clamp(0, 1)
    projected = refined("back-projection", problem, plugins)
    played = refined("plug-and-play", problem, plugins)
    assert psnr(projected, truth) > psnr(lanczos, truth) + 0.05
    assert psnr(played, truth) > psnr(projected, truth)


def test_back_projection_agrees_with_the_measurements(plugins: Plugins) -> None:
    truth = 0.25 + 0.5 * sample("coffee")
    operator = plugins.create("operator", "nasdip:bicubic", (64, 64), 2)
    problem = RestorationProblem(operator.forward(truth), size=(64, 64), operator=operator)
    pilot = torch.full_like(truth, 0.5)
    found = refined("back-projection", problem, plugins, pilot)
    assert torch.allclose(operator.forward(found), problem.measured, atol=1e-3)


def test_every_refine_plugin_serves_a_task_that_is_there(plugins: Plugins) -> None:
    tasks = {r.offer.name for r in plugins.registrations("task")}
    for registration in plugins.registrations("refine"):
        assert registration.resolve().tasks
        assert set(registration.resolve().tasks) <= tasks
