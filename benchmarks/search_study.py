"""The search that is measured, and its study filled with as many trials as are wanted.

The trials are as a search leaves them, of random architectures, and stand in the tables of the
database as Optuna writes them, but many at a time.
"""

import json
import random
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from optuna.distributions import distribution_to_json

from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.definition import Search
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.space import Choice, SearchSpace
from nasdip_core.study.order import note_order
from nasdip_core.study.sampler import distributions
from nasdip_core.study.storage import FILE, close_storage, open_storage, study_url
from nasdip_core.study.study import create_study

PICTURE = "sample:astronaut"
NAME = "nasdip"


def planned(plugins: Plugins, **options: Any) -> Search:
    """Return the search, its fits as the preset has them but for `options`.

    By the controller, which of nasdip's own strategies takes most time.
    """
    damage = {"crop": 256, "corrupt": {"sigma": 25}}
    content = {"data": PICTURE, "strategy": "reinforce", **damage, **options}
    return plan_search("denoise", parse(SearchRequest, content, ""), plugins, Path())


def started(search: Search, folder: Path, trials: int) -> dict[str, Any]:
    """Make a study in a folder, filled with so many trials; return the order for its workers."""
    url = study_url(folder)
    storage = open_storage(url, create=True)
    study = create_study(storage, url, NAME, search.settings(), by_cost=False)
    told = {
        "task": search.task,
        "request": search.request.model_dump(mode="json", by_alias=True),
        "trials": trials,
        "output": str(folder),
    }
    note_order(study, told)
    close_storage(storage, url)
    _fill(folder / FILE, search, trials)
    return {"work": "search", "study": url, "name": NAME, "threads": None, "gpu_memory": 1.0}


def random_choices(space: SearchSpace, draws: random.Random) -> dict[str, Choice]:
    """Return a point of a space, each choice drawn evenly from what is open."""
    made: dict[str, Choice] = {}
    for decision in space.decisions:
        made[decision.name] = draws.choice(space.allowed(decision, made))
    return made


def _fill(file: Path, search: Search, trials: int) -> None:
    """Write finished trials of random architectures straight into the tables of a study."""
    kinds = distributions(search.space)
    written = {name: distribution_to_json(kind) for name, kind in kinds.items()}
    draws = random.Random(0)
    tables: dict[str, list[Sequence[Any]]] = defaultdict(list)
    lease = json.dumps({"host": "machine pid:[4026531836]", "pid": 1, "started": "1", "beat": 9})
    begun = datetime(2026, 1, 1)
    for number in range(trials):
        at, value = number + 1, draws.gauss(27, 1)
        ended = begun + timedelta(seconds=draws.uniform(40, 80))
        tables["trials"].append((at, number, 1, "COMPLETE", str(begun), str(ended)))
        begun = ended
        for parameter, choice in random_choices(search.space, draws).items():
            place = float(kinds[parameter].choices.index(choice))
            tables["trial_params"].append((None, at, parameter, place, written[parameter]))
        tables["trial_values"].append((None, at, 0, value, "FINITE"))
        tables["trial_intermediate_values"].append((None, at, 0, value, "FINITE"))
        notes = {"version": number // 5, "log_probability": draws.uniform(-22, -18)}
        for key, content in (
            ("nasdip:notes", json.dumps(notes)),
            ("nasdip:lease", lease),
            ("constraints:valid", "0.0"),
        ):
            tables["trial_system_attributes"].append((None, at, key, content))
        for key, figure in (
            ("macs", draws.randrange(10**9, 10**10)),
            ("parameters", draws.randrange(10**5, 10**7)),
            ("activation_bytes", draws.randrange(10**8, 10**9)),
            ("scores", json.dumps({search.names[0]: value})),
        ):
            tables["trial_user_attributes"].append((None, at, key, figure))
    with closing(sqlite3.connect(file)) as connection, connection:
        for table, rows in tables.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
