"""The contract with plugins: what a plugin offers, and the hooks that nasdip calls.

A plugin is a torch-free module named by an entry point of the group `nasdip`:

    [project.entry-points.nasdip]
    my-plugin = "my_package.offers"

    # my_package/offers.py
    from nasdip_core import Offer, hookimpl

    @hookimpl
    def nasdip_offers() -> list[Offer]:
        return [Offer(kind="upsampling", name="mine", summary="...", factory="my_package.ops:Mine")]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from nasdip_core.fit.events import Event

API_VERSION = (1, 1)
"""Version of this contract: a plugin works while the major number stays and its minor is known."""

ENTRY_POINT_GROUP = "nasdip"

KINDS: dict[str, str] = {
    "upsampling": "spatial resampling x2 of an upsampling cell",
    "transform": "feature transform of an upsampling cell",
    "activation": "activation function",
    "residual": "pattern of cross-level connections",
    "space": "search space of architectures",
    "network": "network that is no U-Net",
    "architecture": "named network",
    "task": "what can be restored",
    "operator": "forward operator of a measurement",
    "objective": "further term of a fit's loss",
    "refine": "estimator that improves a pilot estimate",
    "baseline": "classical method to compare with",
    "metric": "measure of quality",
    "features": "what sets of pictures are compared by",
    "reward": "score of a candidate in a search",
    "strategy": "sampler of a search",
    "launcher": "starter of workers",
    "tracker": "reader of events",
    "stopping": "rule that ends a fit without the truth",
    "step": "step of a pipeline",
}
"""Every kind that a plugin may offer, and what it is."""

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)
hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a plugin adds, described without importing it.

    `factory` ("package.module:attribute") or, for an architecture that is data, `resource`
    ("package:file.yaml") is resolved on first use only, so listings never import torch.
    `options` names a torch-free pydantic model in the same notation.
    """

    kind: str
    name: str
    summary: str
    factory: str | None = None
    resource: str | None = None
    options: str | None = None
    api: tuple[int, int] = (1, 0)
    """The version of the contract that it was written for; newer ones are asked for by name."""

    def __post_init__(self) -> None:
        """Refuse what listings could not show."""
        _check_texts(self, "kind", "name", "summary")


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a plugin adds under `nasdip NAME`, described without importing it."""

    name: str
    summary: str
    target: str
    """"package.module:attribute": a `typer.Typer` or a function that Typer can take."""

    def __post_init__(self) -> None:
        """Refuse what --help could not show."""
        _check_texts(self, "name", "summary", "target")


@dataclass(frozen=True, slots=True)
class Run:
    """A restoration, as hooks and trackers see it."""

    name: str
    task: str
    folder: Path | None
    """Where everything is written; None: nowhere."""
    settings: Mapping[str, Any]
    """The pipeline document with every option resolved."""


@dataclass(frozen=True, slots=True)
class FinishedTrial:
    """A trial of a search that has ended."""

    study: str
    """Name of the study."""
    number: int
    state: str
    """`done`, `pruned`, `failed`, `duplicate`, `infeasible` or `surplus`."""
    choices: Mapping[str, str | int | float | bool]
    value: float | None
    """Quality, higher is better; None where there is none."""
    reason: str = ""
    """Why it failed or was not trained."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """A section that a plugin adds to the page of a run."""

    title: str
    """Plain text."""
    html: str
    """What stands below the heading. The page loads nothing: pictures are `data:` addresses."""

    def __post_init__(self) -> None:
        """Refuse what a page could not show."""
        _check_texts(self, "title", "html")


def _check_texts(described: Any, *names: str) -> None:
    """Raise TypeError for an attribute that is no text, in the code that has made it."""
    for name in names:
        value = getattr(described, name)
        if not isinstance(value, str):
            raise TypeError(f"{type(described).__name__}.{name} is {value!r}, which is no text")


class OfferSpecs:
    """Hooks by which a plugin describes itself."""

    @hookspec
    def nasdip_offers(self) -> list[Offer]:  # type: ignore[empty-body]
        """Return what this plugin adds. Called once at start-up; must not import torch."""


class BehaviourSpecs:
    """Hooks by which a plugin takes part; one that raises is switched off for the run."""

    @hookspec
    def nasdip_before_run(self, run: Run) -> None:
        """Called once all is checked, before the first fit of a restoration."""

    @hookspec
    def nasdip_on_event(self, run: Run, event: "Event") -> None:
        """Called with each event of a run, such as a reported step; see `nasdip_core.fit.events`.

        The fit waits: be quick.
        """

    @hookspec
    def nasdip_add_page_sections(  # type: ignore[empty-body]
        self, run: Run, result: Mapping[str, Any]
    ) -> Sequence[PageSection]:
        """Return sections for the page of a run; `result` is the `nasdip.result/1` object."""

    @hookspec
    def nasdip_after_run(self, run: Run, result: Mapping[str, Any] | None) -> None:
        """Called when a run has ended and its files are written; None: it failed."""

    @hookspec
    def nasdip_on_trial(self, trial: FinishedTrial) -> None:
        """Called in the process of the worker that has finished a trial of a search."""

    @hookspec
    def nasdip_add_commands(self) -> Sequence[Command]:  # type: ignore[empty-body]
        """Return commands for `nasdip NAME`. Must not import torch."""
