"""What is refused before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.prepare import prepare
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
            asked = resolved(task, waves_file, plugins, arch="balanced-super-resolution")
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
