"""What a search is: the space, the strategy, the judge, the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.architecture.specification import NetworkSpecification
from nasdip_core.digests import by_content
from nasdip_core.imaging.digest import digest
from nasdip_core.pipeline.defaults import plain
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.reward import Reward
from nasdip_core.searching.options import SearchRequest
from nasdip_core.seeds import derive
from nasdip_core.space import Choice, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.study import SCHEMA

_VALIDATION = 4
"""Every fourth picture of a folder is kept for the last comparison."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, by which strategy, judged how."""

    task: str
    request: SearchRequest
    """With every option of the plugins spelt out and paths absolute."""
    resolved: Sequence[Resolved]
    """The run that a fit of each picture is, but for its network."""
    names: Sequence[str]
    """Of the pictures."""
    digests: Sequence[str]
    space: SearchSpace
    strategy: Strategy
    reward: Reward
    base: Path
    """The folder that paths are relative to."""
    guests: Mapping[str, str]
    """Versions of the plugins of others that take part, by their ids."""

    @property
    def clean(self) -> bool:
        """Whether the pictures are clean and are damaged here."""
        return self.resolved[0].corrupt is not None

    @property
    def single(self) -> bool:
        """Whether it is a search for one picture."""
        return len(self.names) == 1

    @property
    def validation(self) -> list[int]:
        """Return the places of the pictures that are kept for the last comparison, if any."""
        return list(range(_VALIDATION - 1, len(self.names), _VALIDATION))

    @property
    def searched(self) -> list[int]:
        """Return the places of the pictures that candidates are judged on."""
        return [i for i in range(len(self.names)) if i not in self.validation]

    def of(
        self, architecture: NetworkSpecification, picture: int, fresh: int | None = None
    ) -> Resolved:
        """Return the run that one fit is; `fresh` numbers seeds other than the search's own.

        The damage of a single picture stays what it is, and so does what is kept back from its
        fits: they can be averaged and chosen from.
        """
        seed = self.request.seed
        if not self.single:
            seed = derive(seed, "picture", self.names[picture])
        shared = seed if self.single else None
        if fresh is not None:
            seed = derive(seed, "fresh", fresh)
        arch = NamedArchitecture(name="candidate", architecture=architecture)
        return replace(self.resolved[picture], arch=arch, seed=seed, shared_seed=shared)

    def _proxy(self) -> dict[str, list[Any]]:
        """Return what a fit of the search has otherwise than the network in use: [use, search].

        By the first and the last choice of every decision: a wide one may be narrowed alone.
        """
        found: dict[str, list[Any]] = {}
        for end in (-1, 0):
            choices: dict[str, Choice] = {}
            for decision in self.space.decisions:
                choices[decision.name] = self.space.allowed(decision, choices)[end]
            whole = self.space.decode(choices)
            found |= _differences(plain(whole), plain(self.space.proxy(whole)))
        return found

    def settings(self) -> dict[str, Any]:
        """Return what must agree for trials to be comparable; no paths, but contents."""
        first, request = self.resolved[0], self.request
        return {
            "schema": SCHEMA,
            "task": self.task,
            "space": plain(request.space),
            "proxy": self._proxy(),
            "strategy": plain(request.strategy),
            "reward": plain(request.reward),
            "changes": self.reward.changes,
            "pruner": plain(request.pruner),
            "limits": plain(request.limits),
            "pictures": dict(zip(self.names, self.digests, strict=True)),
            "mask": None if request.mask is None else digest(request.mask),
            "truth": None if request.truth is None else digest(request.truth),
            "validation": [self.names[i] for i in self.validation],
            "crop": request.crop,
            "seed": request.seed,
            "options": by_content(plain(first.task)),
            "corrupt": None if first.corrupt is None else by_content(plain(first.corrupt)),
            "fit": plain(first.fit),
            "recipe": plain(first.recipe),
            **({"plugins": self.guests} if self.guests else {}),
        }


def _differences(one: Any, other: Any, path: str = "") -> dict[str, list[Any]]:
    """Return where two trees of plain values differ, by dotted keys."""
    if isinstance(one, dict) and isinstance(other, dict):
        found: dict[str, list[Any]] = {}
        for key in one:
            found |= _differences(one[key], other.get(key), f"{path}.{key}" if path else key)
        return found
    return {} if one == other else {path: [one, other]}
