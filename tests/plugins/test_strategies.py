"""What each strategy does beyond the contract: it learns, climbs, keeps to what is open."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from nasdip_core.architecture.specification import Architecture
from nasdip_core.controller.reinforce import LOG_PROBABILITY, VERSION
from nasdip_core.errors import OptionError
from nasdip_core.options import Options, fields_of, parse
from nasdip_core.plugins import Plugins
from nasdip_core.seeds import generator
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import NOTES, History, Record
from nasdip_core.study.sampler import SpaceSampler, distributions
from nasdip_core.testing.strategy import BEST, ToySearch, ToySpace
from nasdip_plugins.strategy.fresh import has_value
from nasdip_plugins.strategy.local_search import CLIMB
from nasdip_plugins.strategy.walk import Surroundings

OWN = ["reinforce", "random", "evolution", "local-search"]
NAMES = [*OWN, "tpe", "gp", "nsga-ii"]
ROOT = Path(__file__).parents[2]


def make(plugins: Plugins, name: str, **options: Any) -> Strategy:
    registration = plugins.find("strategy", f"nasdip:{name}")
    parsed = parse(registration.options() or Options, options, name)
    strategy: Strategy = registration.resolve()(**parsed.model_dump())
    return strategy


class Digits(SearchSpace):
    """Eight decisions of four choices: 65,536 points, one the best. Nobody builds them."""

    decisions = tuple(Decision(f"digit {i}", (0, 1, 2, 3)) for i in range(8))
    size = 4**8

    def decode(self, choices: Choices) -> Architecture:
        raise AssertionError("no strategy needs the networks")

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        raise AssertionError("no strategy needs the networks")


def right(choices: Choices) -> float:
    """The number of digits that are right; the right ones are 0, 1, 2, 3, 0, 1, 2, 3."""
    return float(sum(choice == i % 4 for i, choice in enumerate(choices.values())))


def search(strategy: Strategy, seed: int, trials: int) -> list[float]:
    """The values of the trials of a search for the right digits, in dB around 28."""
    space = Digits()
    study = optuna.create_study(sampler=strategy.sampler(space, seed), direction="maximize")
    for _ in range(trials):
        trial = study.ask(dict(distributions(space)))
        trial.set_constraint("valid", 0.0)
        study.tell(trial, 28 + 0.1 * right(trial.params))
    return [round((trial.values[0] - 28) / 0.1) for trial in study.get_trials(deepcopy=False)]


def late_and_best(values: Sequence[float]) -> tuple[float, float]:
    return fmean(values[-20:]), max(values)


@pytest.fixture(scope="module")
def by_chance(plugins: Plugins) -> float:
    """The best of 100 random trials, in the mean."""
    return fmean(max(search(make(plugins, "random"), seed, 100)) for seed in range(5))


# Two of the eight digits are right by chance.
@pytest.mark.parametrize(
    ("name", "late"), [("reinforce", 4.5), ("evolution", 4), ("local-search", 3.5), ("tpe", 4.5)]
)
def test_it_learns_faster_than_chance(
    plugins: Plugins, by_chance: float, name: str, late: float
) -> None:
    found = [late_and_best(search(make(plugins, name), seed, 100)) for seed in range(3)]
    assert fmean(mean for mean, _ in found) > late
    assert fmean(best for _, best in found) > by_chance + 1


def test_the_controller_finds_the_optimum(plugins: Plugins) -> None:
    assert [max(search(make(plugins, "reinforce"), seed, 150)) for seed in range(3)] == [8, 8, 8]


@pytest.mark.parametrize("name", OWN)
def test_nothing_is_proposed_twice_and_nothing_that_is_ruled_out(
    plugins: Plugins, name: str
) -> None:
    """Not even by a controller that has settled after a few trials."""
    options = {"reinforce": {"rate": 0.3}, "evolution": {"population": 5, "sample": 5}}
    search = ToySearch(make(plugins, name, **options.get(name, {})))
    proposed = search.run(80)
    assert all(search.space.canonical(choices) == choices for choices in proposed)
    assert len({tuple(choices.values()) for choices in proposed}) == 80


@pytest.mark.parametrize("name", OWN)
def test_no_impossible_choice_in_a_thousand(plugins: Plugins, name: str) -> None:
    search, history = ToySearch(make(plugins, name)), History()
    search.run(30)
    history.update(search.study.get_trials())
    sampler, space = search.study.sampler, search.space
    assert isinstance(sampler, SpaceSampler)
    for number in range(1000):
        choices, _ = sampler.propose(history, generator(0, "test", number))
        assert space.canonical(choices) == choices


@pytest.mark.parametrize("name", OWN)
def test_a_trial_that_is_tried_again_is_the_same(plugins: Plugins, name: str) -> None:
    search = ToySearch(make(plugins, name))
    search.run(25)
    trial = search.ask()
    search.retry(trial)
    again = search.ask()
    assert again.number == trial.number + 1
    assert again.params == trial.params
    first, second = search.study.get_trials()[-2:]
    assert second.system_attrs[NOTES] == first.system_attrs[NOTES]


@pytest.mark.parametrize("name", OWN)
def test_two_workers_do_not_try_the_same(plugins: Plugins, name: str) -> None:
    first = ToySearch(make(plugins, name))
    first.run(40)
    second = ToySearch(make(plugins, name), study=first.study)
    trials = [worker.ask() for worker in (first, second) * 5]
    assert len({tuple(trial.params.values()) for trial in trials}) == 10


def distance(choices: Choices, other: Choices) -> int:
    return sum(choices[name] != other[name] for name in choices)


def test_children_differ_from_one_of_the_youngest_in_one_decision(plugins: Plugins) -> None:
    strategy, space = make(plugins, "evolution", population=6, sample=2), Digits()
    study = optuna.create_study(sampler=strategy.sampler(space, 0), direction="maximize")
    for number in range(40):
        trial = study.ask(dict(distributions(space)))
        if number >= 6:
            youngest = study.get_trials(deepcopy=False)[-7:-1]
            assert min(distance(trial.params, parent.params) for parent in youngest) == 1
        study.tell(trial, right(trial.params))


def neighbours(choices: Choices) -> list[dict[str, Choice]]:
    around = Surroundings(ToySpace(), choices)
    return [
        around.neighbour(name, choice, lambda opened: opened[0])
        for name, others in around.others.items()
        for choice in others
    ]


def test_what_begins_to_matter_is_chosen_and_the_rest_stays() -> None:
    add = ToySpace().canonical({**BEST, "merge": "add"})
    assert add["skip"] == 4
    assert set(Surroundings(ToySpace(), add).others) == set(BEST) - {"skip"}
    made = Surroundings(ToySpace(), add).neighbour("merge", "concat", lambda opened: opened[-1])
    assert made == BEST
    wide = Surroundings(ToySpace(), BEST).neighbour("width", 64, lambda opened: opened[0])
    assert wide == {**BEST, "width": 64, "kernel": 1}


def test_local_search_climbs_and_starts_anew(plugins: Plugins) -> None:
    search = ToySearch(make(plugins, "local-search", starts=3))
    search.run(100)
    history = History()
    history.update(search.study.get_trials())
    climbs: dict[int, list[Record]] = {}
    for record in history.records:
        earlier = climbs.setdefault(record.notes[CLIMB], [])
        valued = list(filter(has_value, earlier))
        if len(valued) >= 3:
            best = max(valued, key=lambda r: r.value or 0.0)
            assert record.choices in neighbours(best.choices)
        earlier.append(record)
    assert len(climbs) > 1
    for climb in list(climbs.values())[:-1]:
        valued = [r for r in climb if r.value is not None]
        best = max(valued, key=lambda r: r.value or 0.0)
        tried = [r.choices for r in history.records]
        assert all(neighbour in tried for neighbour in neighbours(best.choices))


def test_local_search_climbs_from_the_best_known_architecture(plugins: Plugins) -> None:
    search = ToySearch(make(plugins, "local-search", starts=2))
    search.study.enqueue_trial({**BEST, "width": 16})
    search.study.enqueue_trial({**BEST, "width": 8, "levels": 2})
    proposed = search.run(3)
    assert proposed[2] in neighbours(proposed[0])


def test_what_was_never_trained_is_no_start_of_a_climb(plugins: Plugins) -> None:
    """Most proposals may be over a limit."""
    search = ToySearch(make(plugins, "local-search", starts=3))
    for _ in range(8):
        search.study.tell(search.ask(), state=TrialState.FAIL)
    search.run(2)
    search.ask()
    *before, last = search.study.get_trials()
    assert last.system_attrs[NOTES][CLIMB] == 0
    valued = [t.params for t in before if t.values is not None]
    assert len(valued) < 3
    assert all(last.params not in neighbours(params) for params in valued)


def test_the_notes_of_the_controller_tell_version_and_probability(plugins: Plugins) -> None:
    search = ToySearch(make(plugins, "reinforce", batch=4))
    search.run(13)
    history = History()
    history.update(search.study.trials)
    notes = [record.notes for record in history.records]
    valued = [record.state in ("done", "pruned") for record in history.records]
    assert [note[VERSION] for note in notes] == [sum(valued[:n]) // 4 for n in range(13)]
    assert all(-12 < note[LOG_PROBABILITY] < 0 for note in notes)


def test_only_nsga_ii_weighs_cost(plugins: Plugins) -> None:
    assert [make(plugins, name).by_cost for name in NAMES] == [False] * 6 + [True]


def test_known_architectures_are_parents(plugins: Plugins) -> None:
    """Optuna's NSGA-II would leave them out."""
    search = ToySearch(make(plugins, "nsga-ii", population=4))
    for width in (8, 16, 32, 64):
        search.study.enqueue_trial({**BEST, "width": width, "kernel": 1})
    search.tell(search.ask())
    proposed = search.run(14)[4:]
    alike = [choices["activation"] == "silu" and choices["levels"] == 3 for choices in proposed]
    assert sum(alike) > 4  # one of nine by chance


def test_the_page_names_every_option(plugins: Plugins) -> None:
    page = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    own = [r for r in plugins.registrations("strategy") if r.distribution == "nasdip"]
    assert [r.offer.name for r in own] == sorted(NAMES)
    for registration in own:
        name = registration.offer.name
        section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
        assert section, f"no section on {name}"
        rows = [row.strip("| ").split(" | ") for row in section.splitlines() if row[:2] == "| "]
        options = registration.options()
        fields = [] if options is None else list(fields_of(options))
        assert rows[1:] == [[f"`{f.name}`", str(f.default), f.meaning] for f in fields] or not (
            rows or fields
        )


def test_a_controller_without_memory_is_refused(plugins: Plugins) -> None:
    """Every trial would be its own baseline: nothing would be learnt."""
    with pytest.raises(OptionError, match="greater than 0"):
        make(plugins, "reinforce", memory=0)
