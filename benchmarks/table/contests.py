"""Searches on the table to be compared: who searches where, with which seeds, and what came of it.

One file holds some seeds of a strategy in one space and on one task. It is made anew where it was
made of another table, code, options, seeds or trials.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from judging import of_pictures
from make import claimed
from measured import Measured
from replay import Array, make_strategy, search, whole_options
from table import Table

from nasdip_core import controller, seeds
from nasdip_core import space as core_space
from nasdip_core.files import whole_file
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choices
from nasdip_core.strategy import Strategy
from nasdip_core.study import records, sampler
from nasdip_plugins import strategy
from nasdip_searchspaces import space

TRIALS = 200
"""Of every search: what an hour or two of small fits come to."""
MARKS = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 100, 120, 140, 160, 180, 200)
"""Numbers of trials after which the regret is kept."""
JUDGED = 100
"""Trials after which a strategy is held against the control, and strategies are ranked."""
SEEDS = {
    "random": 200,
    "reinforce": 200,
    "evolution": 200,
    "local-search": 200,
    "tpe": 20,
    "gp": 6,
}
"""The shipped strategies, and how many searches their cost allows: even, for either picture.

Not nsga-ii, which weighs quality against cost: no regret in dB judges that.
"""
CHUNK = 20
"""Seeds a file."""


@dataclass(frozen=True)
class Contender:
    """A strategy with its options, and the seeds of its searches."""

    name: str
    """STRATEGY, or STRATEGY:OPTION=VALUE,... with what is not as by default."""
    seeds: range

    @property
    def strategy(self) -> str:
        """Return the name of the strategy."""
        return self.name.partition(":")[0]

    @property
    def options(self) -> dict[str, str]:
        """Return the options that are not as by default."""
        told = self.name.partition(":")[2]
        return dict(pair.split("=", 1) for pair in told.split(",")) if told else {}


def contender(name: str) -> Contender:
    """Return a contender by its name. Raises ValueError for an unknown strategy."""
    strategy = name.partition(":")[0]
    if strategy not in SEEDS:
        raise ValueError(f"strategy '{strategy}' is not among {', '.join(SEEDS)}")
    return Contender(name, range(SEEDS[strategy]))


def fingerprint(table: Path) -> str:
    """Return what tells one state of the table from another, but for its fits at full size.

    No search here is told of those.
    """
    found = hashlib.sha256()
    with np.load(table) as arrays:
        for name in sorted(arrays.files):
            if "/full/" not in name and name != "meta":
                found.update(name.encode() + arrays[name].tobytes())
    return found.hexdigest()[:16]


@cache
def code() -> str:
    """Return what tells one state of the strategies, and of how they are run, from another.

    Options are told as they are, whatever their defaults.
    """
    here = Path(__file__).parent
    folders = [Path(module.__file__ or "").parent for module in (controller, space, strategy)]
    files = [here / name for name in ("contests.py", "measured.py", "replay.py")]
    files += [Path(module.__file__ or "") for module in (records, sampler, seeds, core_space)]
    files += [file for folder in folders for file in sorted(folder.glob("*.py"))]
    files = [file for file in files if file.name != "options.py"]
    content = [optuna.__version__.encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"".join(content)).hexdigest()[:16]


@dataclass(frozen=True)
class Unit:
    """Some seeds of a contender in one space and on one task; one file."""

    space: str
    task: str
    contender: Contender
    seeds: range

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.space}--{self.task}--{self.contender.name}--{self.seeds[0]:04d}.json.gz"

    def key(self, table: str, plugins: Plugins) -> dict[str, Any]:
        """Return all that its outcome hangs on."""
        options = whole_options(self.contender.strategy, self.contender.options, plugins)
        return {
            "table": table,
            "code": code(),
            "strategy": self.contender.strategy,
            "options": options.model_dump(mode="json"),
            "seeds": list(self.seeds),
            "trials": TRIALS,
            "marks": list(MARKS),
        }


def units(contenders: Sequence[Contender], spaces: list[str], tasks: list[str]) -> list[Unit]:
    """Return the units, the same seeds of all contenders first."""
    every = [
        Unit(space, task, each, each.seeds[start : start + CHUNK])
        for space in spaces
        for task in tasks
        for each in contenders
        for start in range(0, len(each.seeds), CHUNK)
    ]
    return sorted(every, key=lambda unit: unit.seeds[0])


def run(every: list[Unit], table: Path, work: Path, limit: int | None = None) -> None:
    """Make what is missing or was made of something else, at most so many units."""
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    work.mkdir(parents=True, exist_ok=True)
    plugins, loaded, state = Plugins.discover(), Table(table), fingerprint(table)
    measured: dict[tuple[str, str], Measured] = {}
    done = 0
    for unit in every:
        file, key, where = work / unit.file, unit.key(state, plugins), (unit.space, unit.task)
        with claimed(file) as mine:
            if not mine or made(file, key) is not None:
                continue
            if where not in measured:
                measured[where] = Measured(loaded, *where)
            strategy = make_strategy(unit.contender.strategy, unit.contender.options, plugins)
            began = time.process_time()
            found = np.array([regrets(strategy, measured[where], seed) for seed in unit.seeds])
            each = 1000 * (time.process_time() - began) / (TRIALS * len(unit.seeds))
            content = {
                "key": key,
                "milliseconds": round(each, 2),
                "regrets": found[..., 0].round(3).tolist(),
                "elsewhere": found[..., 1].round(3).tolist(),
            }
            with whole_file(file) as draft:
                draft.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
        print(f"{file.name}: {each:.1f} ms a trial", flush=True)
        done += 1
        if done == limit:
            return


def made(file: Path, key: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the content of a unit's file, if it is there and was made of what the key tells."""
    if not file.exists():
        return None
    content: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return content if content["key"] == key else None


def regrets(strategy: Strategy, measured: Measured, seed: int) -> Array:
    """Return the regret in dB after each of `MARKS`, (marks, 2): where it was told, elsewhere."""
    told = seed % 2
    rewards: list[Array] = []

    def value(choices: Choices) -> float:
        rewards.append(measured(choices))
        return float(rewards[-1][told])

    search(measured.space, strategy.sampler(measured.space, seed), value, TRIALS)
    tried = np.array(rewards)
    best = tried[[tried[:trials, told].argmax() for trials in MARKS]]
    found: Array = (measured.best - best)[:, [told, 1 - told]]
    return found


@dataclass
class Outcome:
    """What the seeds of a contender came to."""

    seeds: list[int]
    regrets: Array
    """(seeds, marks), dB: on the picture that the search was told of."""
    elsewhere: Array
    """The same networks' on the other picture."""
    milliseconds: float

    def judged(self, *, elsewhere: bool = False) -> list[Array]:
        """Return the regrets at `JUDGED` by the picture that was told of, or on the other one."""
        regrets = self.elsewhere if elsewhere else self.regrets
        return of_pictures(regrets[:, MARKS.index(JUDGED)], self.seeds)


Found = dict[tuple[str, str], dict[str, Outcome]]
"""By space and task, then contender."""


def collected(every: list[Unit], table: Path, work: Path) -> Found:
    """Return what was run of some units. Raises ValueError where that is nothing."""
    plugins, state = Plugins.discover(), fingerprint(table)
    parts: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for unit in every:
        content = made(work / unit.file, unit.key(state, plugins))
        if content is not None:
            by_name = parts.setdefault((unit.space, unit.task), {})
            by_name.setdefault(unit.contender.name, []).append(content)
    if not parts:
        raise ValueError(f"there is nothing of this table in '{work}': run it first")
    return {
        where: {name: _together(contents) for name, contents in by_name.items()}
        for where, by_name in parts.items()
    }


def _together(contents: list[dict[str, Any]]) -> Outcome:
    return Outcome(
        [seed for content in contents for seed in content["key"]["seeds"]],
        np.concatenate([np.array(content["regrets"]) for content in contents]),
        np.concatenate([np.array(content["elsewhere"]) for content in contents]),
        float(np.mean([content["milliseconds"] for content in contents])),
    )
