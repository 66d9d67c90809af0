"""A search as a step of a pipeline."""

import shutil
from collections.abc import Mapping
from typing import Any

from nasdip_core.architecture.specification import Use
from nasdip_core.searching.api import search
from nasdip_core.step import Step, StepContext
from nasdip_core.study.storage import FILE
from nasdip_core.study.study import FITS
from nasdip_plugins.step.options import search_options


class Search(Step):
    """The same as `nasdip search`, in the step's folder; a search that is there goes on."""

    def __init__(
        self,
        *,
        task: str,
        data: str,
        mask: str | None,
        truth: str | None,
        space: Use | None,
        strategy: Use | None,
        reward: Use | None,
        seed: int,
        options: Mapping[str, Any],
        trials: int,
        workers: int,
        launcher: Use,
        known: list[str],
    ) -> None:
        self._task = task
        self._data = data
        self._options = search_options(
            options,
            mask=mask,
            truth=truth,
            seed=seed,
            space=space,
            strategy=strategy,
            reward=reward,
            launcher=launcher,
        )
        self._trials = trials
        self._workers = workers
        self._known = known

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Search until the study has its trials."""
        if context.again:
            for file in context.folder.glob(f"{FILE}*"):
                file.unlink()
            shutil.rmtree(context.folder / FITS, ignore_errors=True)
        found = search(
            self._data,
            self._task,
            trials=self._trials,
            workers=self._workers,
            options=self._options,
            known=self._known,
            output=context.folder,
            base=context.base,
            plugins=context.plugins,
        )
        for note in found["notes"]:
            context.say(f"note: {note}")
        outputs: dict[str, str] = {
            name: path for name, path in found["outputs"].items() if name != "architecture"
        }
        return {
            **outputs,
            "best": f"{context.folder}#best",
            "top": f"{context.folder}#top5",
            "architecture": str(context.folder / "best.yaml"),
            "study": str(context.folder / FILE),
            "folder": str(context.folder),
        }
