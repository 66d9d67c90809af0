"""A restoration with everything looked up: what is run, and the file that repeats it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.fit.options import FitOptions
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.options import Options
from nasdip_core.pipeline.defaults import plain
from nasdip_core.recipe import RecipeOptions
from nasdip_core.task import TaskOptions


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request with every default filled in and every name looked up."""

    task_name: str
    picture: str
    mask: str | None
    truth: str | None
    seed: int
    device: str
    tile: int | None
    task: TaskOptions
    corrupt: Options | None
    arch: NamedArchitecture
    fit: FitOptions
    recipe: RecipeOptions
    companions: tuple[NamedArchitecture, ...] = ()
    """Further architectures, whose fits are averaged with those of `arch`."""
    kept: tuple[str, ...] = ()
    """Files of finished fits that are averaged in place of new ones."""
    seconds: float | None = None
    """To be planned for; a plan has none."""
    shared_seed: int | None = None
    """Seed of the damage and of what is kept back where that is not `seed`: a search fits one
    damaged picture anew, and what it found can be averaged and chosen from."""
    alternatives: tuple["Resolved", ...] = ()
    """The same run by each preset, the quickest first, to be chosen from for `seconds`."""

    @property
    def task_offered(self) -> str:
        """The task's own name, where a distribution stands before it as well."""
        return self.task_name.rpartition(":")[2]

    @property
    def problem_seed(self) -> int:
        """The seed of the damage and of what is kept back."""
        return self.seed if self.shared_seed is None else self.shared_seed

    def document(self, name: str) -> dict[str, Any]:
        """Return the pipeline that repeats this run."""
        bare: dict[str, Any] = {"fit": {}, "tasks": {}, "recipe": {}}
        archs = [plain(a.model_copy(update=bare)) for a in (self.arch, *self.companions)]
        given: dict[str, Any] = {
            "picture": self.picture,
            "mask": self.mask,
            "truth": self.truth,
            "seed": self.seed,
            "device": self.device,
            "tile": self.tile,
            "task": plain(self.task),
            "corrupt": None if self.corrupt is None else plain(self.corrupt),
            "arch": archs if self.companions else archs[0],
            "fit": plain(self.fit),
            "recipe": plain(self.recipe),
        }
        if self.kept:
            given["kept"] = list(self.kept)
        step = {"id": "restore", "uses": f"task.{self.task_name}", "with": given}
        return {"nasdip": 1, "name": name, "steps": [step]}


def with_steps(resolved: Resolved, steps: int) -> Resolved:
    """Return the same run with fewer steps; what is drawn is drawn at the same ones."""
    fit, changes = resolved.fit, dict[str, object](steps=steps)
    if fit.langevin.noise:
        # The share is below 1: where nothing is drawn it stands for all steps, rounded.
        begin = min(round(fit.langevin.burn_in * fit.steps), steps - 0.25)
        changes["langevin"] = fit.langevin.model_copy(update={"burn_in": begin / steps})
    return replace(resolved, fit=fit.model_copy(update=changes))


def with_fits(resolved: Resolved, fits: int) -> Resolved:
    """Return the same run with another number of fits; networks that get none are left out."""
    recipe = resolved.recipe.model_copy(update={"fits": fits})
    return replace(resolved, recipe=recipe, companions=resolved.companions[: max(0, fits - 1)])


def without_network(resolved: Resolved) -> Resolved:
    """Return the same run with its classical estimate alone."""
    alone = {"fits": 0, "guide": None, "choice": "last"}
    return replace(resolved, recipe=resolved.recipe.model_copy(update=alone), companions=())


def run_name(resolved: Resolved) -> str:
    """Return the name of a run: the picture's stem and the task. No system takes it for a path."""
    stem = Path(resolved.picture.removeprefix(SAMPLE)).stem.replace("\\", "-")
    return f"{stem}-{resolved.task_offered}"
