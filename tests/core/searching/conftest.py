"""Searches of seconds: tiny pictures, toy spaces, one worker within the process of the test."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import search_toys

from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import Search, plan_search
from nasdip_core.searching.worker import work
from nasdip_core.study.records import History, Record
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import create_study, load_study

TINY = {"fit": {"steps": 2, "stopping": "fixed"}, "corrupt": {"sigma": 25}}


@pytest.fixture(scope="session")
def toys() -> Plugins:
    """The plugins of this environment and the toys."""
    plugins = Plugins.discover()
    added = plugins.add(search_toys, "toys", "toys")
    assert added.state == "loaded", added.reason
    return plugins


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of five pictures of 16 x 16."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    draws = np.random.default_rng(1)
    for i in range(5):
        samples = draws.integers(40 * i, 40 * i + 60, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(samples).save(folder / f"{'abcde'[i]}.png")
    return folder


class Searcher:
    """Searches in the folder of a test, as one worker does it."""

    def __init__(self, output: Path, plugins: Plugins) -> None:
        self.output = output
        self.plugins = plugins
        self.url = study_url(output)

    def plan(self, data: Path | str, **options: Any) -> Search:
        content = {**TINY, "data": str(data), "space": "toy", "reward": "width", **options}
        return plan_search("denoise", parse(SearchRequest, content, ""), self.plugins, Path())

    def search(self, data: Path | str, trials: int, **options: Any) -> list[Record]:
        """Search and return the records."""
        planned = self.plan(data, **options)
        self.output.mkdir(exist_ok=True)
        create_study(
            open_storage(self.url, create=True),
            self.url,
            "nasdip",
            planned.settings(),
            by_cost=planned.strategy.by_cost,
        )
        work(self.order(planned, trials), self.plugins)
        return self.records()

    def order(self, planned: Search, trials: int) -> dict[str, Any]:
        return {
            "task": planned.task,
            "request": planned.request.model_dump(mode="json", by_alias=True),
            "study": self.url,
            "name": "nasdip",
            "trials": trials,
            "threads": 1,
            "output": str(self.output),
        }

    @property
    def study(self) -> optuna.Study:
        return load_study(open_storage(self.url), self.url)

    def records(self) -> list[Record]:
        history = History()
        history.update(self.study.get_trials(deepcopy=False))
        return list(history.records)


@pytest.fixture
def searcher(tmp_path: Path, toys: Plugins) -> Searcher:
    """A search in a folder of its own."""
    return Searcher(tmp_path / "out", toys)


@pytest.fixture
def another(tmp_path: Path, toys: Plugins) -> Callable[[str], Searcher]:
    """Return a function to further searches."""
    return lambda name: Searcher(tmp_path / name, toys)


def listed(*proposals: tuple[int, int]) -> dict[str, Any]:
    """Return the strategy that proposes widths and levels in this order."""
    return {"uses": "listed", "with": {"proposals": [list(p) for p in proposals]}}
