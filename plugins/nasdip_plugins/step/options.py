"""Options of the built-in steps (torch-free)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import OptionError
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.options import Options, parse
from nasdip_core.step import StepOptions
from nasdip_core.task import TaskOptions

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins


class SearchStepOptions(StepOptions):
    """What `nasdip search` takes."""

    outputs: ClassVar[Mapping[str, str]] = {
        "best": "the best architecture, for `arch`",
        "top": "the five best, for `arch`: fitted one by one and averaged",
        "architecture": "file of the best architecture",
        "restored": "of a search for one picture: the picture, restored",
        "page": "the page of the search",
        "study": "the study, a file",
        "folder": "the folder of the search",
    }
    amount: ClassVar[frozenset[str]] = frozenset({"trials", "workers", "launcher"})
    read: ClassVar[frozenset[str]] = frozenset({"data", "mask", "truth"})

    task: str = Field(description="task to search for")
    data: str = Field(description="folder of clean pictures, or one picture")
    mask: str | None = Field(default=None, description="mask of the damaged picture")
    truth: str | None = Field(default=None, description="clean picture, for rewards that need it")
    space: Use | None = Field(default=None, description="space plugin and its options")
    strategy: Use | None = Field(default=None, description="strategy plugin and its options")
    reward: Use | None = Field(default=None, description="reward plugin and its options")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of every random draw")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="what else -S can say to a search: corrupt, fit, limits, crop, pruner, ...",
    )
    trials: int = Field(default=50, ge=1, description="trials of the study in all")
    workers: int = Field(default=1, ge=1, description="processes that search together")
    launcher: Use = Field(
        default_factory=lambda: Use(uses="processes"), description="launcher plugin and its options"
    )
    known: list[str] = Field(
        default_factory=list, description="architectures to begin with: names or files"
    )

    @field_validator("options")
    @classmethod
    def _said_once(cls, options: dict[str, Any]) -> dict[str, Any]:
        twice = sorted({"data", "launcher", "seed"} & options.keys())
        if twice:
            raise ValueError(f"'{twice[0]}' stands beside `options`, not within")
        return options

    def check(self, plugins: "Plugins", base: Path) -> None:
        """Look everything up but pictures, and what earlier steps put out."""
        from nasdip_core.searching.options import SearchRequest
        from nasdip_core.searching.plan import check_search
        from nasdip_core.workflow.references import without_references

        model = plugins.find("launcher", self.launcher.uses).options() or Options
        parse(model, self.launcher.with_, "launcher.with")
        asked = search_options(
            self.options,
            data=self.data,
            mask=self.mask,
            truth=self.truth,
            seed=self.seed,
            space=self.space,
            strategy=self.strategy,
            reward=self.reward,
        )
        content = without_references(asked)
        for role in ("data", "mask", "truth"):
            if getattr(self, role) is not None:
                content.setdefault(role, f"{SAMPLE}camera")
        known = without_references(self.known)
        with _below_options(self.options):
            request = parse(SearchRequest, content, "")
            check_search(self.task, request, known, plugins, base)


class BenchStepOptions(StepOptions):
    """What `nasdip bench` takes."""

    outputs: ClassVar[Mapping[str, str]] = {
        "page": "the page with table and pictures",
        "table": "the table as CSV",
        "folder": "the folder of the bench",
    }
    read: ClassVar[frozenset[str]] = frozenset({"data"})

    task: str = Field(description="task to compare methods on")
    data: str = Field(description="folder of clean pictures")
    arch: list[str] = Field(default_factory=list, description="architectures: names or files")
    preset: list[str] = Field(default_factory=list, description="architectures by their family")
    baseline: list[str] = Field(default_factory=list, description="classical methods")
    metric: list[str] = Field(default_factory=list, description="further columns")
    seeds: int = Field(default=1, ge=1, description="number of seeds, counted from 0")
    options: dict[str, Any] = Field(
        default_factory=dict, description="what -S can say to a bench: corrupt, fit, recipe, ..."
    )

    def check(self, plugins: "Plugins", base: Path) -> None:
        """Look everything up but pictures, and what earlier steps put out."""
        from nasdip_core.bench.units import looked_up
        from nasdip_core.workflow.references import without_references

        with _below_options(self.options):
            looked_up(
                self.task,
                without_references(self.options),
                plugins,
                archs=without_references(self.arch),
                presets=without_references(self.preset),
                baselines=without_references(self.baseline),
                metrics=without_references(self.metric),
                base=base,
            )
        if not (self.arch or self.preset or self.baseline):
            raise OptionError("nothing to compare", "name an arch, a preset or a baseline")


class CorruptStepOptions(StepOptions):
    """A clean picture and the damage that is done to it."""

    outputs: ClassVar[Mapping[str, str]] = {
        "damaged": "the damaged picture",
        "truth": "the clean picture, cropped where the damage needs it",
        "mask": "what is missing, where the damage leaves pixels out; else an empty mask",
        "measured": "of a damage that measures: the measurements, for `task.measurements`",
        "guide": "of a damage that makes further pictures: the picture, of several their folder",
    }
    read: ClassVar[frozenset[str]] = frozenset({"picture"})

    task: str = Field(description="task whose own damage it is")
    picture: str = Field(description="clean picture")
    corrupt: dict[str, Any] = Field(default_factory=dict, description="options of the damage")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the damage")

    def check(self, plugins: "Plugins", base: Path) -> None:
        """Read the damage as the task does."""
        model = plugins.find("task", self.task).options()
        if model is not None and issubclass(model, TaskOptions):
            parse(model.Corruption, self.corrupt, "corrupt")


class SaveStepOptions(StepOptions):
    """Where an output goes."""

    outputs: ClassVar[Mapping[str, str]] = {"file": "the file or folder that was written"}
    read: ClassVar[frozenset[str]] = frozenset({"file"})
    written: ClassVar[frozenset[str]] = frozenset({"to"})

    file: str = Field(description="file or folder to copy, such as ${restore.restored}")
    to: str = Field(description="where to; the suffix of a picture may ask for another format")
    replace: bool = Field(default=False, description="whether a file that is there is replaced")


class DistanceStepOptions(StepOptions):
    """Sets of pictures, and the set that they are compared with."""

    outputs: ClassVar[Mapping[str, str]] = {"table": "the distances by set, as JSON"}
    read: ClassVar[frozenset[str]] = frozenset({"target"})

    pictures: dict[str, str] = Field(
        min_length=1, description="by caption: folders, such as ${translate.translated}"
    )
    target: str = Field(description="folder of pictures of the look that is wanted")
    features: Use = Field(
        default_factory=lambda: Use(uses="multiscale"),
        description="features plugin and its options",
    )
    crop: int | None = Field(
        default=None,
        ge=8,
        le=2048,
        description="side of squares that are described in place of whole pictures",
    )

    def check(self, plugins: "Plugins", base: Path) -> None:
        """Read the options of the features."""
        model = plugins.find("features", self.features.uses).options() or Options
        parse(model, self.features.with_, "features.with")


class ReportStepOptions(StepOptions):
    """What one page shows together."""

    outputs: ClassVar[Mapping[str, str]] = {"page": "the page"}

    title: str = Field(default="Pipeline", description="title of the page")
    results: dict[str, str] = Field(
        min_length=1, description="by caption: results of tasks, such as ${restore.result}"
    )
    order: Literal["given", "quality"] = Field(
        default="given", description="as given, or the best PSNR first"
    )


def search_options(options: Mapping[str, Any], **beside: Any) -> dict[str, Any]:
    """Return what `-S` could say to a search: what stands beside `options` goes over them."""
    given = {
        name: value.model_dump(mode="json", by_alias=True) if isinstance(value, Use) else value
        for name, value in beside.items()
        if value is not None
    }
    return {**options, **given}


@contextmanager
def _below_options(options: Mapping[str, Any]) -> Iterator[None]:
    """Name what stands in `options` by its place there."""
    try:
        yield
    except OptionError as error:
        named = re.search(r"option '([^'.]+)", error.what)
        if named is None or named.group(1) not in options:
            raise
        what = error.what.replace("option '", "option 'options.", 1)
        raise OptionError(what, error.hint) from None
