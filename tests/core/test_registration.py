"""What plugins are made with: the values of their options, wherever they are used."""

import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
import torch
from pydantic import Field
from torch import Tensor

from nasdip_core.architecture.specification import Use
from nasdip_core.bench import child
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.hooks import KINDS, Offer, hookimpl
from nasdip_core.metric import Metric
from nasdip_core.options import Options, parse
from nasdip_core.pipeline.chain import Chain
from nasdip_core.pipeline.prepare import make_rule
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.refine import Refine
from nasdip_core.registration import CONTRACTS, OPTION_VARIABLES, Registration
from nasdip_core.restoration import RestorationProblem

RICH = {"sides": [3, 4], "denoiser": "wavelet", "from": "a.txt"}
SEEN: list[dict[str, Any]] = []


class RichOptions(Options):
    sides: tuple[int, ...] = (1, 2)
    denoiser: Use | None = None
    from_: Path = Field(default=Path("b"), alias="from")

    def located(self, base: Path) -> Self:
        return self.model_copy(update={"from_": base / self.from_})


class Rich:
    def __init__(self, **fields: Any) -> None:
        SEEN.append(fields)


class RichRule(Rich, StoppingRule):
    def observe(self, observation: Observation) -> Verdict:
        return Verdict()


class RichRefine(Rich, Refine):
    tasks = frozenset({"denoise"})

    def refine(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        return problem.measured


class RichMetric(Rich, Metric):
    higher_is_better = True
    needs_truth = False

    def measure(self, picture: Tensor, truth: Tensor | None) -> float | None:
        return 1.0


@pytest.fixture
def rich(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """Return the installed plugins and three whose options are no plain JSON."""
    made = {"stopping": RichRule, "refine": RichRefine, "metric": RichMetric}
    module = ModuleType("rich_toys")
    vars(module).update(made, options=RichOptions)
    monkeypatch.setitem(sys.modules, "rich_toys", module)

    class Toys:
        @hookimpl
        def nasdip_offers(self) -> list[Offer]:
            return [
                Offer(k, "rich", "toy", factory=f"rich_toys:{k}", options="rich_toys:options")
                for k in made
            ]

    plugins = Plugins.discover()
    assert plugins.add(Toys(), "toys", "toys").state == "loaded"
    SEEN.clear()
    return plugins


def test_plugins_get_the_values_of_their_fields(rich: Plugins) -> None:
    use = {"uses": "rich", "with": RICH}
    content = {"picture": "a.png", "fit": {"stopping": use}, "recipe": {"refine": [use]}}
    resolved = resolve("denoise", parse(RestoreRequest, content, ""), rich, Path())
    make_rule(resolved, rich)
    Chain(resolved.recipe.refine, rich)
    picture = torch.zeros(1, 1, 2, 2)
    spelt = {"rich": {"with": resolved.recipe.refine[0].with_}}
    assert child._metrics(spelt, picture, picture, rich) == {"rich": 1.0}
    wanted = {"sides": (3, 4), "denoiser": Use(uses="wavelet"), "from_": Path("a.txt")}
    assert len(SEEN) == 3
    assert all(seen == wanted for seen in SEEN)


def test_files_are_looked_for_where_the_options_stand(rich: Plugins, tmp_path: Path) -> None:
    rich.find("stopping", "rich").made({}, "x", base=tmp_path)
    assert SEEN[0]["from_"] == tmp_path / "b"


def test_what_takes_no_options_is_given_none(plugins: Plugins) -> None:
    with pytest.raises(OptionError, match=r"unknown option 'x\.sides'"):
        plugins.find("residual", "none").made({"sides": 3}, "x", 2)


def test_files_of_plugins_are_looked_for_beside_the_pipeline(rich: Plugins, tmp_path: Path) -> None:
    use = {"uses": "rich", "with": RICH}
    content = {"picture": "a.png", "fit": {"stopping": use}, "recipe": {"refine": [use]}}
    resolved = resolve("denoise", parse(RestoreRequest, content, ""), rich, tmp_path)
    make_rule(resolved, rich)
    Chain(resolved.recipe.refine, rich)
    assert [seen["from_"] for seen in SEEN] == 2 * [tmp_path / "a.txt"]


def one(kind: str, **values: Any) -> Registration:
    """Return the registration of an offer whose parts lie in a module of toys."""
    return Registration(Offer(kind, "toy", "a toy", **values), "toys:main", "loaded")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("toys")
    monkeypatch.setitem(sys.modules, "toys", module)
    return module


def test_of_each_kind_it_is_known_what_its_factory_makes() -> None:
    assert KINDS.keys() - CONTRACTS.keys() == {"residual", "architecture"}
    for contract in CONTRACTS.values():
        assert isinstance(pkgutil.resolve_name(contract), type)


def test_a_factory_that_takes_something_else_is_told(toys: ModuleType) -> None:
    vars(toys)["Rule"] = lambda threshold: RichRule()
    made = one("stopping", factory="toys:Rule")
    said = (
        r"stopping 'toy' of plugin 'toys': its factory 'toys:Rule' does not take \(\): missing a "
        r"required argument: 'threshold'; see what a stopping is made with"
    )
    with pytest.raises(PluginError, match=said):
        made.made({}, "x")
    assert isinstance(made.create(3), RichRule)


def test_an_error_in_a_factory_is_its_own(toys: ModuleType) -> None:
    def rule() -> RichRule:
        raise TypeError("mine")

    vars(toys)["rule"] = rule
    with pytest.raises(TypeError, match="mine"):
        one("stopping", factory="toys:rule").create()


@pytest.mark.parametrize("kind", sorted(CONTRACTS))
def test_a_factory_that_makes_something_else_is_told(toys: ModuleType, kind: str) -> None:
    class Other:
        channel_divisor = 1
        tasks = frozenset({"denoise"})
        higher_is_better = True

    vars(toys)["Other"] = Other
    with pytest.raises(PluginError, match=r"'toys:Other' made a Other; derive it from \w+\."):
        one(kind, factory="toys:Other").create()


@pytest.mark.parametrize("kind", sorted(OPTION_VARIABLES))
def test_options_that_say_too_little_are_told(toys: ModuleType, kind: str) -> None:
    vars(toys)["Some"] = Options
    first = OPTION_VARIABLES[kind][0]
    said = rf"'toys:Some' have no '{first}'; derive them from nasdip_core.{kind}.{kind.title()}Opt"
    with pytest.raises(PluginError, match=said):
        one(kind, factory="toys:Any", options="toys:Some").options()


def test_a_file_that_its_package_lacks_is_told() -> None:
    resource = "nasdip_searchspaces.zoo:gone.yaml"
    with pytest.raises(PluginError, match=f"cannot read '{resource}': No such file"):
        one("architecture", resource=resource).text()
