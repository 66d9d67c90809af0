"""What is told of a search and a comparison in a pipeline before anything runs."""

from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import NasdipError
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_plugins.step.options import BenchStepOptions, SearchStepOptions

BENCH: dict[str, Any] = {"task": "denoise", "data": "pictures", "preset": ["fast"]}
SEARCH: dict[str, Any] = {"task": "denoise", "data": "pictures"}


def said(model: type[Any], content: dict[str, Any], plugins: Plugins, base: Path) -> str:
    """What is wrong with a step."""
    with pytest.raises(NasdipError) as error:
        parse(model, content, "").check(plugins, base)
    return str(error.value)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"baseline": ["non-local-meens"]}, "did you mean 'non-local-means'?"),
        ({"baseline": ["chan-vese"]}, "does not serve the task 'denoise'"),
        ({"arch": ["nosuch"]}, "unknown architecture 'nosuch'"),
        ({"preset": ["fasst"]}, "no preset 'fasst'"),
        ({"metric": ["ssimm"]}, "unknown metric 'ssimm'"),
        ({"options": {"fit": {"stepz": 3}}}, "unknown option 'options.fit.stepz'; did you mean"),
        ({"options": {"corrupt": {"sigma": -1}}}, "option 'options.corrupt.sigma' = -1"),
    ],
)
def test_a_comparison_is_looked_up(
    plugins: Plugins, tmp_path: Path, wrong: dict[str, Any], what: str
) -> None:
    assert what in said(BenchStepOptions, {**BENCH, **wrong}, plugins, tmp_path)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"strategy": {"uses": "random", "with": {"x": 3}}}, "'strategy.with.x'; there are no opt"),
        ({"strategy": {"uses": "evolve"}}, "unknown strategy 'evolve'"),
        ({"space": {"uses": "kompact"}}, "unknown space 'kompact'"),
        ({"reward": {"uses": "sure", "with": {"y": 1}}}, "unknown option 'reward.with.y'"),
        ({"launcher": {"uses": "ray", "with": {"cpu": 1}}}, "did you mean 'cpus'?"),
        ({"options": {"fitt": {}}}, "unknown option 'options.fitt'; did you mean 'fit'?"),
        ({"options": {"fit": {"steps": 0}}}, "option 'options.fit.steps' = 0"),
        ({"known": ["nope"]}, "unknown architecture 'nope'"),
        ({"known": ["siren"]}, "'siren' is no point of space"),
    ],
)
def test_a_search_is_looked_up(
    plugins: Plugins, tmp_path: Path, wrong: dict[str, Any], what: str
) -> None:
    assert what in said(SearchStepOptions, {**SEARCH, **wrong}, plugins, tmp_path)


def test_what_stands_beside_the_options_is_not_said_within(
    plugins: Plugins, tmp_path: Path
) -> None:
    """It was overwritten without a word."""
    wrong = {**SEARCH, "options": {"seed": 7}}
    assert "'seed' stands beside `options`" in said(SearchStepOptions, wrong, plugins, tmp_path)


def test_what_earlier_steps_put_out_is_not_asked_for(plugins: Plugins, tmp_path: Path) -> None:
    damaged = {"data": "${hurt.damaged}", "mask": "${hurt.mask}", "truth": "${hurt.truth}"}
    search = {"task": "inpaint", **damaged, "known": ["${first.best}", "balanced-inpaint"]}
    parse(SearchStepOptions, search, "").check(plugins, tmp_path)
    bench = {**BENCH, "data": "${one.folder}", "arch": ["${first.best}"], "options": {"tile": 64}}
    parse(BenchStepOptions, bench, "").check(plugins, tmp_path)
