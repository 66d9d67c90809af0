"""What a bench compares: methods, pictures and seeds, and the units that these make."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from nasdip_core.baseline import Baseline
from nasdip_core.digests import by_content
from nasdip_core.errors import OptionError, PictureError, PluginError
from nasdip_core.imaging.digest import digest
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.metric import Metric
from nasdip_core.options import Options, parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugin_versions import guest_versions
from nasdip_core.plugins import OWN_DISTRIBUTION, Plugins, Registration

SCHEMA = "nasdip.bench-settings/1"
ALWAYS = ("psnr", "ssim")
"""Metrics that every table has."""


class BenchRequest(Options):
    """What `-S` may say to a bench; it holds for every method."""

    task: dict[str, Any] = Field(default_factory=dict, description="options of the task")
    corrupt: dict[str, Any] = Field(default_factory=dict, description="damage of the pictures")
    architecture: dict[str, Any] = Field(
        default_factory=dict, description="changes to every architecture"
    )
    fit: dict[str, Any] = Field(default_factory=dict, description="options of every fit")
    recipe: dict[str, Any] = Field(default_factory=dict, description="what is around every fit")
    tile: int | None = Field(default=None, ge=32, le=8192, description="side of tiles in pixels")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="where to compute"
    )
    metric: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="options of metrics, by their names"
    )


@dataclass(frozen=True, slots=True)
class Method:
    """One column of pictures: an architecture, or a baseline."""

    label: str
    request: Mapping[str, Any]
    """The `with` of a task step, every default spelt out, without `picture` and `seed`."""
    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One restoration: a method, a picture, a seed."""

    picture: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        """The stem of the unit's files."""
        return f"{self.picture}--{self.method}--seed-{self.seed}"


@dataclass(frozen=True, slots=True)
class Bench:
    """All that is to be compared, every name looked up."""

    task: str
    pictures: Mapping[str, Path]
    methods: Sequence[Method]
    seeds: int
    metrics: Mapping[str, Mapping[str, Any]]
    """Name -> `with` (options) and `higher_is_better`."""
    guests: Mapping[str, str]
    """Versions of the plugins of others that take part, by their ids."""

    def units(self, shard: tuple[int, int] = (1, 1)) -> list[Unit]:
        """Return the units of shard i of n, all methods of one damaged picture side by side."""
        labels = [method.label for method in self.methods]
        every = _units(list(self.pictures), labels, self.seeds)
        # Of two shards, on two machines, neither times nor the last bits of a damage are one.
        return [u for i, u in enumerate(every) if i // len(labels) % shard[1] == shard[0] - 1]

    def settings(self) -> dict[str, Any]:
        """Return what must agree for outcomes to be comparable; no paths, but contents."""
        return {
            "schema": SCHEMA,
            "nasdip": version("nasdip"),
            **({"plugins": self.guests} if self.guests else {}),
            "task": self.task,
            "pictures": {name: digest(str(path)) for name, path in self.pictures.items()},
            "methods": [
                {"label": m.label, "baseline": m.baseline, "with": by_content(m.request)}
                for m in self.methods
            ],
            "seeds": self.seeds,
            "metrics": self.metrics,
        }

    def order(self, unit: Unit, folder: Path) -> dict[str, Any]:
        """Return what the process of a unit is told, as JSON can hold it."""
        method = next(m for m in self.methods if m.label == unit.method)
        picture = str(self.pictures[unit.picture].absolute())
        return {
            "unit": {"picture": unit.picture, "method": unit.method, "seed": unit.seed},
            "task": self.task,
            "request": {**method.request, "picture": picture, "seed": unit.seed},
            "baseline": method.baseline,
            "metrics": self.metrics,
            "folder": str(folder.absolute()),
        }


def units_of(settings: Mapping[str, Any]) -> list[Unit]:
    """Return every unit that the settings of a folder mean."""
    labels = [method["label"] for method in settings["methods"]]
    return _units(list(settings["pictures"]), labels, settings["seeds"])


def _units(pictures: Sequence[str], labels: Sequence[str], seeds: int) -> list[Unit]:
    return [Unit(p, label, seed) for p in pictures for seed in range(seeds) for label in labels]


def plan_bench(
    task: str,
    data: Path,
    options: Mapping[str, Any],
    plugins: Plugins,
    *,
    archs: Sequence[str] = (),
    presets: Sequence[str] = (),
    baselines: Sequence[str] = (),
    metrics: Sequence[str] = (),
    seeds: int = 1,
    base: Path = Path(),
) -> Bench:
    """Look everything up; paths are relative to `base`, no picture is opened yet.

    The methods stand in the order given.

    Raises PluginError for an unknown name or a baseline that does not serve the task, OptionError
    for a bad option, PictureError for a folder without pictures.
    """
    methods, columns = looked_up(
        task,
        options,
        plugins,
        archs=archs,
        presets=presets,
        baselines=baselines,
        metrics=metrics,
        base=base,
    )
    if not methods:
        raise OptionError("nothing to compare", "give --arch, --preset or --baseline")
    pictures = pictures_in(base / data)
    if not pictures:
        raise PictureError(f"the folder '{data}' holds no picture")
    named = [task, [m.baseline for m in methods], [m.request for m in methods], [*columns]]
    guests = guest_versions(named, plugins)
    return Bench(task, {path.name: path for path in pictures}, methods, seeds, columns, guests)


def looked_up(
    task: str,
    options: Mapping[str, Any],
    plugins: Plugins,
    *,
    archs: Sequence[str],
    presets: Sequence[str],
    baselines: Sequence[str],
    metrics: Sequence[str],
    base: Path,
) -> tuple[list[Method], dict[str, dict[str, Any]]]:
    """Return methods and metrics; raises what `plan_bench` raises of them."""
    asked = parse(BenchRequest, options, "")
    common = asked.model_dump(exclude={"metric"})
    methods = [_network(task, {**common, "arch": arch}, plugins, base) for arch in archs]
    methods += [_network(task, {**common, "preset": preset}, plugins, base) for preset in presets]
    methods += [_baseline(task, common, name, plugins, base) for name in baselines]
    labels = [method.label for method in methods]
    for label in labels:
        if labels.count(label) > 1:
            raise OptionError(f"method '{label}' stands here twice", "name each method once")
    return methods, _metrics(metrics, asked.metric, plugins)


def _network(task: str, content: dict[str, Any], plugins: Plugins, base: Path) -> Method:
    request = _spelt_out(task, content, plugins, base)
    arch = request["arch"]
    names = [each["name"] for each in (arch if isinstance(arch, list) else [arch])]
    return Method(_label("+".join(names)), request)


def _baseline(task: str, common: dict[str, Any], name: str, plugins: Plugins, base: Path) -> Method:
    registration = _classical(name, plugins)
    if registration.offer.kind == "refine":
        # A refine plugin without a fit is a classical method like any other.
        content = {key: common[key] for key in ("task", "corrupt", "device")}
        own = {"fits": 0, "guide": None, "refine": [name]}
        content["recipe"] = {**common["recipe"], **own}
        return Method(_label(name), _spelt_out(task, content, plugins, base))
    baseline: type[Baseline[Any]] = registration.resolve()
    if plugins.find("task", task).offer.name not in baseline.tasks:
        raise PluginError(
            f"baseline '{name}' does not serve the task '{task}'",
            f"it serves {', '.join(sorted(baseline.tasks))}",
        )
    content = {key: common[key] for key in ("task", "corrupt")}
    request = _spelt_out(task, content, plugins, base)
    return Method(_label(name), {key: request[key] for key in content}, name)


def _classical(name: str, plugins: Plugins) -> Registration:
    """Return the baseline or else the refine plugin of a name; a built-in keeps its own.

    Raises PluginError where there is neither.
    """
    found, errors = [], []
    for kind in ("baseline", "refine"):
        try:
            found.append(plugins.find(kind, name))
        except PluginError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return min(found, key=lambda each: each.distribution != OWN_DISTRIBUTION)


def _spelt_out(task: str, content: dict[str, Any], plugins: Plugins, base: Path) -> dict[str, Any]:
    """Return a request with every default, so that a file that changes meanwhile is no matter."""
    # The name of a picture is needed to resolve, and goes with the unit instead.
    request = parse(RestoreRequest, {**content, "picture": "picture"}, "")
    resolved = resolve(task, request, plugins, base, in_memory=True)
    spelt_out = resolved.document("")["steps"][0]["with"]
    return {k: v for k, v in spelt_out.items() if k not in ("picture", "seed")}


def _metrics(
    names: Sequence[str], options: Mapping[str, Mapping[str, Any]], plugins: Plugins
) -> dict[str, dict[str, Any]]:
    columns: dict[str, dict[str, Any]] = {}
    for name in names:
        registration = plugins.find("metric", name)
        if name in ALWAYS:
            continue
        model = registration.options() or Options
        given = parse(model, options.get(name, {}), f"metric.{name}")
        metric: type[Metric] = registration.resolve()
        columns[name] = {
            "with": given.model_dump(mode="json", by_alias=True),
            "higher_is_better": metric.higher_is_better,
        }
    unused = options.keys() - columns.keys()
    if unused:
        name = min(unused)
        raise OptionError(f"option 'metric.{name}' without --metric {name}")
    return columns


def _label(name: str) -> str:
    """Return a name as it can stand in the name of a file."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "unnamed"
