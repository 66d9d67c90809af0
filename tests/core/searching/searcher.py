"""A search of seconds, as one worker does it within the process of the test."""

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from PIL import Image

from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.definition import Search
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.study.artifacts import note_place, place_of_files
from nasdip_core.study.order import note_order
from nasdip_core.study.records import History, Record
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import create_study, load_study
from nasdip_core.worker import work

POINT = {"width": 4, "levels": 1}
"""A point of the toy space."""
TINY = {"fit": {"steps": 2, "stopping": "fixed"}, "corrupt": {"sigma": 25}}


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
        self.begin(data, trials, **options)
        work(self.order(), self.plugins)
        return self.records()

    def begin(
        self, data: Path | str, trials: int, *, artifacts: str | None = None, **options: Any
    ) -> Search:
        """Make the study, and note what its workers are to do."""
        planned = self.plan(data, **options)
        self.output.mkdir(exist_ok=True)
        study = create_study(
            open_storage(self.url, create=True),
            self.url,
            "nasdip",
            planned.settings(),
            by_cost=planned.strategy.by_cost,
        )
        if artifacts is not None:
            note_place(study, place_of_files(study, artifacts))
        told = {
            "task": planned.task,
            "request": planned.request.model_dump(mode="json", by_alias=True),
            "trials": trials,
            "output": str(self.output),
        }
        note_order(study, told)
        return planned

    def order(self) -> dict[str, Any]:
        return {
            "work": "search",
            "study": self.url,
            "name": "nasdip",
            "threads": 1,
            "gpu_memory": 1.0,
        }

    @property
    def study(self) -> optuna.Study:
        return load_study(open_storage(self.url), self.url)

    def records(self) -> list[Record]:
        history = History()
        history.update(self.study.get_trials(deepcopy=False))
        return list(history.records)


def listed(*proposals: tuple[int, int]) -> dict[str, Any]:
    """Return the strategy that proposes widths and levels in this order."""
    return {"uses": "listed", "with": {"proposals": [list(p) for p in proposals]}}


def evaluator(searcher: Searcher, data: Path, **options: object) -> Evaluator:
    """Return what judges the candidates of a search."""
    planned = searcher.plan(data, **options)
    return Evaluator(planned, searcher.plugins, torch.device("cpu"))


def ramp(folder: Path, side: int) -> Path:
    """Write a picture that grows brighter from the left to the right, side x side."""
    samples = np.broadcast_to(np.arange(side, dtype=np.uint8)[None, :, None], (side, side, 3))
    Image.fromarray(np.ascontiguousarray(samples)).save(folder / "ramp.png")
    return folder / "ramp.png"
