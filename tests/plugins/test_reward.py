"""The rewards: each keeps the contract, and says what its formula says."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.cost import Cost
from nasdip_core.architecture.specification import Use
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.result import FitResult
from nasdip_core.operators import LinearOperator
from nasdip_core.options import Options, fields_of
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.reward import Reward, Trained
from nasdip_core.testing import RewardConformance
from nasdip_plugins.offers import nasdip_offers

NAMES = ["psnr", "held-out", "sure", "consensus", "cost-aware"]


def make(plugins: Plugins, name: str, **options: Any) -> Reward:
    made: Reward = plugins.find("reward", f"nasdip:{name}").made(options, name, plugins)
    return made


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


def trained(
    problem: Problem,
    picture: Tensor,
    *,
    last: Tensor | None = None,
    oracle: Tensor | None = None,
    others: tuple[Tensor, ...] = (),
    seconds: float = 1.0,
    cost: Cost | None = None,
) -> Trained:
    """Return a fit that found pictures."""

    def estimate(found: Tensor) -> Estimate:
        return {"restored": found}

    result = FitResult(
        "fit",
        estimate(picture),
        estimate(picture if last is None else last),
        None if oracle is None else estimate(oracle),
        10, 10, 10, "fixed", "the end", seconds, 0.0,
    )  # fmt: skip
    return Trained(problem, result, cost or Cost(1, 1, 1), [estimate(other) for other in others])


class TestConformance(RewardConformance):
    @pytest.fixture(
        params=[
            ("psnr", {}),
            ("psnr", {"of": "oracle"}),
            ("psnr", {"of": "last"}),
            ("held-out", {}),
            ("held-out", {"fraction": 0.5}),
            ("sure", {}),
            ("sure", {"alpha": 2}),
            ("consensus", {}),
            ("cost-aware", {"target": 1e4}),
            ("cost-aware", {"target": 1e-3, "cost": "seconds", "reward": "held-out"}),
            ("cost-aware", {"target": 1e5, "cost": "memory", "reward": "sure"}),
            ("cost-aware", {"target": 1e5, "weight": -1, "reward": "consensus"}),
        ],
        ids=str,
    )
    def reward(self, plugins: Plugins, request: pytest.FixtureRequest) -> Reward:
        name, options = request.param
        return make(plugins, name, **options)


def test_everything_is_offered() -> None:
    assert [o.name for o in nasdip_offers() if o.kind == "reward"] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described(plugins: Plugins, name: str) -> None:
    model = plugins.find("reward", f"nasdip:{name}").options() or Options
    assert all(field.meaning for field in fields_of(model))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("psnr", {"of": "best"}),
        ("held-out", {"fraction": 0}),
        ("sure", {"alpha": 0}),
        ("consensus", {"fraction": 0.1}),
        ("cost-aware", {"target": 0}),
        ("cost-aware", {"weight": 0.07, "target": 1}),
        ("cost-aware", {"cost": "watts", "target": 1}),
    ],
)
def test_bad_options_are_refused(plugins: Plugins, name: str, options: Mapping[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{name}.{next(iter(options))}"):
        make(plugins, name, **options)


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_is_that_of_the_written_picture(plugins: Plugins, channels: int) -> None:
    truth = (rand(1, channels, 6, 5) * 255).round() / 255
    problem = RestorationProblem(rand(1, channels, 6, 5, seed=1), truth=truth)
    near = (truth + 0.4 / 255).clamp(0, 1)
    found = trained(problem, truth + 0.1, last=near, oracle=truth + 0.05)
    for of, picture in (
        ("self-stopped", truth + 0.1),
        ("oracle", truth + 0.05),
        ("last", near),
    ):
        expected = problem.measures({"restored": picture})["psnr"]
        score = make(plugins, "psnr", of=of).score(found)
        # Rounded to 8 bits the last one is the truth itself.
        assert score == (100.0 if of == "last" else expected)
        assert (of == "last") == math.isinf(expected)


class Measured(Problem):
    """Not a restoration: measured by something of its own."""

    def __init__(self, **measures: float) -> None:
        super().__init__({}, [Player("none", (), lambda step: torch.zeros(()))])
        self.measured = measures

    def estimate(self, step: Step) -> Estimate:
        return {}

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        return {}

    def measures(self, estimate: Estimate) -> dict[str, float]:
        return self.measured


def test_psnr_takes_any_problem_that_measures_it(plugins: Plugins) -> None:
    found = trained(Measured(psnr=31.5), torch.zeros(1))
    assert make(plugins, "psnr").score(found) == 31.5


@pytest.mark.parametrize("of", ["self-stopped", "oracle", "last"])
def test_psnr_needs_a_truth(plugins: Plugins, of: str) -> None:
    reward = make(plugins, "psnr", of=of)
    assert reward.needs_truth
    with pytest.raises(OptionError, match=r"'psnr' needs the truth, .* choose another reward"):
        reward.score(trained(RestorationProblem(rand(1, 1, 4, 4)), rand(1, 1, 4, 4)))


@pytest.mark.parametrize(("sigma", "unit"), [(None, 1.0), (0.2, 0.2)])
def test_held_out_is_the_error_at_what_was_kept_back(
    plugins: Plugins, sigma: float | None, unit: float
) -> None:
    measured, picture = rand(1, 3, 12, 10), rand(1, 3, 12, 10, seed=1)
    deviation = None if sigma is None else lambda _: sigma
    problem = RestorationProblem(measured, deviation=deviation)
    make(plugins, "held-out", fraction=0.25).prepare(problem, draws())
    where = ~problem.fitted.expand_as(measured)
    assert where.float().mean() == 0.25
    # Whatever the unit of the loss, the score is in that of the picture.
    error = (picture - measured)[where].square().mean().item()
    validation = problem.validation({"restored": picture})
    assert validation == pytest.approx(error / unit**2)
    score = make(plugins, "held-out").score(trained(problem, picture))
    assert score == pytest.approx(-10 * math.log10(error))


def test_held_out_judges_what_an_operator_measures(plugins: Plugins) -> None:
    operator: LinearOperator = plugins.create("operator", "nasdip:area", (12, 12), 2)
    truth = rand(1, 1, 12, 12)
    problem = RestorationProblem(operator.forward(truth), size=(12, 12), operator=operator)
    reward = make(plugins, "held-out")
    reward.prepare(problem, draws())
    assert reward.score(trained(problem, truth)) == 100.0
    assert reward.score(trained(problem, truth + 0.1)) == pytest.approx(20.0, abs=1e-3)


def test_held_out_says_where_nothing_can_be_kept_back(plugins: Plugins) -> None:
    reward = make(plugins, "held-out")
    with pytest.raises(OptionError, match=r"^reward 'held-out': .*; choose another reward$"):
        reward.prepare(Measured(), draws())
    with pytest.raises(OptionError, match=r"^reward 'held-out': .*; choose another reward$"):
        reward.score(trained(Measured(), torch.zeros(1)))


def test_nothing_known_has_no_score(plugins: Plugins) -> None:
    nothing = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    for name in ("held-out", "sure"):
        problem = RestorationProblem(rand(1, 1, 4, 4), known=nothing, deviation=lambda _: 0.1)
        reward = make(plugins, name)
        reward.prepare(problem, draws())
        assert math.isnan(reward.score(trained(problem, rand(1, 1, 4, 4))))


def test_consensus_is_the_distance_to_the_others(plugins: Plugins) -> None:
    picture, first, second = (rand(1, 3, 5, 4, seed=seed) for seed in range(3))
    found = trained(RestorationProblem(first), picture, others=(first, second))
    error = (picture - (first + second) / 2).square().mean().item()
    expected = -10 * math.log10(2 / 3 * error)
    assert make(plugins, "consensus").score(found) == pytest.approx(expected, abs=1e-4)
    alone = trained(RestorationProblem(first), first, others=(first,))
    assert make(plugins, "consensus").score(alone) == 100.0


def test_consensus_compares_what_would_be_written(plugins: Plugins) -> None:
    """Beyond white all are white; what networks say there is nobody's picture."""
    picture, other = torch.full((1, 1, 4, 4), 1.5), torch.full((1, 1, 4, 4), 1.2)
    found = trained(RestorationProblem(other), picture, others=(other,))
    assert make(plugins, "consensus").score(found) == 100.0


@pytest.mark.parametrize("frames", [1, 2])
def test_consensus_leaves_out_what_is_copied_from_the_picture(
    plugins: Plugins, frames: int
) -> None:
    known = rand(frames, 1, 6, 5) < 0.7
    # The last frame alone lacks something.
    known[:-1] = True
    problem = RestorationProblem(rand(frames, 3, 6, 5), known=known, copy_known=True)
    other, elsewhere = rand(frames, 3, 6, 5, seed=1), rand(frames, 3, 6, 5, seed=2)
    filled_alike = torch.where(known, elsewhere, other)
    reward = make(plugins, "consensus")
    assert reward.score(trained(problem, filled_alike, others=(other,))) == 100.0
    filled_otherwise = torch.where(known, other, elsewhere)
    assert reward.score(trained(problem, filled_otherwise, others=(other,))) < 15


def test_consensus_with_few_is_worth_as_much_as_with_many(plugins: Plugins) -> None:
    """Alike candidates score alike, however many came before; measured without the factor: 3 dB."""
    alike = [0.5 + 0.1 * torch.randn(1, 1, 64, 64, generator=draws(i)) for i in range(31)]
    problem, reward = RestorationProblem(alike[0]), make(plugins, "consensus")
    few, many = (
        reward.score(trained(problem, alike[0], others=tuple(alike[1:count]))) for count in (2, 31)
    )
    assert few == pytest.approx(many, abs=0.2)
    assert many == pytest.approx(20.0, abs=0.2)


def test_consensus_needs_another(plugins: Plugins) -> None:
    reward = make(plugins, "consensus")
    assert reward.compares
    assert not reward.needs_truth
    with pytest.raises(OptionError, match="there is no other"):
        reward.score(trained(RestorationProblem(rand(1, 1, 4, 4)), rand(1, 1, 4, 4)))


@pytest.mark.parametrize("cost", ["macs", "memory", "seconds"])
def test_cost_aware_weighs_quality_against_cost(plugins: Plugins, cost: str) -> None:
    costs = {"macs": 400, "memory": 300, "seconds": 200.0}
    network = Cost(parameters=1, macs=400, activation_bytes=300)
    found = trained(Measured(psnr=30.0), torch.zeros(1), seconds=200.0, cost=network)
    at = make(plugins, "cost-aware", cost=cost, target=costs[cost])
    assert at.score(found) == 30.0
    twice = make(plugins, "cost-aware", cost=cost, target=costs[cost] / 2)
    assert twice.score(found) == pytest.approx(30 * 2**-0.07)
    free = make(plugins, "cost-aware", cost=cost, target=1, weight=0)
    assert free.score(found) == 30.0


def test_cost_aware_never_rewards_cost(plugins: Plugins) -> None:
    reward = make(plugins, "cost-aware", target=100, weight=-0.5)
    scores = [
        [
            reward.score(trained(Measured(psnr=psnr), torch.zeros(1), cost=Cost(1, macs, 1)))
            for macs in (10, 100, 1000)
        ]
        for psnr in (-20.0, -10.0, 0.0, 10.0, 20.0)
    ]
    for row in scores:
        assert row == sorted(row, reverse=True)
    for column in zip(*scores, strict=True):
        assert list(column) == sorted(column)


def test_cost_aware_is_what_it_wraps(plugins: Plugins) -> None:
    wrapping = {
        name: make(plugins, "cost-aware", target=1, reward=name)
        for name in ("psnr", "held-out", "consensus")
    }
    assert [r.needs_truth for r in wrapping.values()] == [True, False, False]
    assert [r.compares for r in wrapping.values()] == [False, False, True]
    problem = RestorationProblem(rand(1, 1, 10, 10))
    both = make(
        plugins,
        "cost-aware",
        target=1,
        reward=Use(uses="held-out", **{"with": {"fraction": 0.5}}),
    )
    both.prepare(problem, draws())
    assert problem.fitted.float().mean() == 0.5


def test_cost_aware_says_what_is_wrong_with_the_other(plugins: Plugins) -> None:
    with pytest.raises(PluginError, match="unknown reward 'psnrr'; did you mean 'psnr'"):
        make(plugins, "cost-aware", target=1, reward="psnrr")
    bad = {"uses": "held-out", "with": {"fraction": 2}}
    with pytest.raises(OptionError, match=r"reward\.with\.reward\.with\.fraction"):
        make(plugins, "cost-aware", target=1, reward=bad)


def test_no_number_has_no_score(plugins: Plugins) -> None:
    lost = replace(trained(Measured(psnr=math.nan), torch.zeros(1)), cost=Cost(1, 10, 1))
    assert math.isnan(make(plugins, "psnr").score(lost))
    assert math.isnan(make(plugins, "cost-aware", target=1).score(lost))
