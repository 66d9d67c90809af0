"""What is refused before anything is written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasdip_core.errors import OptionError, PluginError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.write import write_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.estimate import choose_tile
from nasdip_core.pipeline.prepare import keep_back, prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import TaskOptions


def resolved(task: str, picture: Path, plugins: Plugins, **content: Any) -> Resolved:
    """Return a run of a task on a picture with the damage of its demonstration."""
    model = plugins.find("task", task).options()
    assert model is not None
    assert issubclass(model, TaskOptions)
    damaged = {"picture": str(picture), "corrupt": model.demonstration["corrupt"]}
    return resolve(task, parse(RestoreRequest, {**damaged, **content}, ""), plugins, Path())


class TestRecipe:
    def test_that_of_a_borrowed_architecture_counts_where_the_task_takes_one(
        self, plugins: Plugins, waves_file: Path
    ) -> None:
        for task in [r.offer.name for r in plugins.registrations("task")]:
            words = {"arch": "balanced-super-resolution", "fit": {"stopping": "fixed"}}
            asked = resolved(task, waves_file, plugins, **words)
            problem = prepare(asked, plugins).problem
            assert asked.recipe.fits == (4 if isinstance(problem, RestorationProblem) else 1), task

    def test_a_task_that_has_not_said_that_it_takes_none(
        self, plugins: Plugins, waves_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nasdip_tasks.dehaze.options.DehazeOptions.takes_recipe", True)
        asked = resolved("dehaze", waves_file, plugins, arch="balanced-deblur")
        with pytest.raises(OptionError, match=r"takes no recipe; .* say recipe\.fits=1"):
            prepare(asked, plugins)

    def test_several_networks_for_one_that_takes_none(
        self, plugins: Plugins, waves_file: Path, tiny: dict[str, Any]
    ) -> None:
        asked = resolved("dehaze", waves_file, plugins, arch=[tiny, tiny])
        with pytest.raises(OptionError, match="takes one network: only pictures of one restored"):
            prepare(asked, plugins)


@pytest.mark.parametrize(
    ("task", "words", "said"),
    [
        *[
            (task, {"tile": 32}, "this task cannot be done in tiles; leave tile out")
            for task in ("dehaze", "separate", "segment", "factorize")
        ],
        ("dehaze", {"fit": {"objectives": ["red"]}}, "takes no objectives; leave fit.objectives"),
        ("translate", {"fit": {"stopping": "held-out"}}, "cannot keep measurements back"),
        ("translate", {"fit": {"langevin": {"noise": 0.5}}}, "leave fit.langevin out"),
    ],
)
def test_what_a_fit_would_refuse(
    task: str, words: dict[str, Any], said: str, plugins: Plugins, tmp_path: Path, waves: np.ndarray
) -> None:
    write_picture(picture_of(np.tile(waves, (2, 2, 1))), picture := tmp_path / "waves.png")
    asked = resolved(task, picture, plugins, **words)
    with pytest.raises(OptionError, match=said):
        choose_tile(asked, prepare(asked, plugins).problem, plugins, torch.device("cpu"))


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (np.full((16, 16), 4095, np.uint16), True),
        (np.full((16, 16), 0.02, np.float32), True),
        (np.full((16, 16), 30000, np.uint16), False),
        (np.full((16, 16), 40, np.uint8), False),
        (np.zeros((16, 16), np.uint16), False),
    ],
)
def test_a_picture_that_uses_little_of_its_range_is_told(
    plugins: Plugins, samples: np.ndarray, told: bool
) -> None:
    given = {"picture": picture_of(samples)}
    asked = parse(RestoreRequest, {"picture": "dark", "task": {"sigma": 5}}, "")
    run = resolve("denoise", asked, plugins, Path(), in_memory=True)
    notes = prepare(run, plugins, given).problem.notes
    assert any("of the range: so dark a picture" in note for note in notes) == told


def test_a_rule_that_would_keep_back_everything(
    plugins: Plugins, waves_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Greedy:
        held_out = 3

    asked = resolved("denoise", waves_file, plugins)
    problem = prepare(asked, plugins).problem
    monkeypatch.setattr("nasdip_core.pipeline.prepare.make_rule", lambda *_: Greedy())
    with pytest.raises(PluginError, match=r"keeps back a share of 3: it must lie in \[0, 1\)"):
        keep_back(problem, asked, plugins)
