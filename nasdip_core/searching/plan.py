"""From a request to a search: names looked up, pictures known, defaults filled in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.architecture.specification import NetworkSpecification, PluginNetwork, Use
from nasdip_core.digests import by_content
from nasdip_core.errors import NasdipError, OptionError, PictureError
from nasdip_core.guests import guest_versions
from nasdip_core.imaging.digest import digest
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.imaging.samples import located
from nasdip_core.options import merge, parse
from nasdip_core.pipeline.defaults import with_defaults
from nasdip_core.pipeline.jobs import is_batch
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins
from nasdip_core.reward import Reward
from nasdip_core.searching.options import SearchRequest
from nasdip_core.seeds import derive, generator
from nasdip_core.space import Choice, InfeasibleError, SearchSpace
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
            found |= _differences(_plain(whole), _plain(self.space.proxy(whole)))
        return found

    def settings(self) -> dict[str, Any]:
        """Return what must agree for trials to be comparable; no paths, but contents."""
        first, request = self.resolved[0], self.request
        return {
            "schema": SCHEMA,
            "task": self.task,
            "space": _plain(request.space),
            "proxy": self._proxy(),
            "strategy": _plain(request.strategy),
            "reward": _plain(request.reward),
            "changes": self.reward.changes,
            "pruner": _plain(request.pruner),
            "limits": _plain(request.limits),
            "pictures": dict(zip(self.names, self.digests, strict=True)),
            "mask": None if request.mask is None else digest(request.mask),
            "truth": None if request.truth is None else digest(request.truth),
            "validation": [self.names[i] for i in self.validation],
            "crop": request.crop,
            "seed": request.seed,
            "options": by_content(_plain(first.task)),
            "corrupt": None if first.corrupt is None else by_content(_plain(first.corrupt)),
            "fit": _plain(first.fit),
            "recipe": _plain(first.recipe),
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


def plan_search(task: str, request: SearchRequest, plugins: Plugins, base: Path) -> Search:
    """Look everything up; paths are relative to `base`, no picture is decoded yet.

    Raises PluginError for an unknown name, OptionError for options that do not go together,
    PictureError where there is no picture.
    """
    clean, sources = _sources(task, request, base, plugins)
    space_use, space = _plugin("space", request.space, plugins, base)
    content = _fits(request, clean, space)
    resolved = [
        resolve(task, parse(RestoreRequest, {**content, "picture": source}, ""), plugins, base)
        for source in sources
    ]
    strategy_use, strategy = _plugin("strategy", request.strategy, plugins, base)
    reward_use = request.reward or Use(uses="")
    if not reward_use.uses:
        judge = "psnr" if _has_truth(resolved[0]) else "held-out"
        reward_use = reward_use.model_copy(update={"uses": judge})
    reward_use, reward = _plugin("reward", reward_use, plugins, base, plugins)
    absolute = {
        role: None if path is None else str((base / path).absolute())
        for role, path in (("mask", request.mask), ("truth", request.truth))
    }
    request = request.model_copy(
        update={
            "data": located(request.data, base),
            "space": space_use,
            "strategy": strategy_use,
            "reward": reward_use,
            **absolute,
        }
    )
    names = [Path(source.removeprefix(SAMPLE)).name for source in sources]
    digests = [digest(source) for source in sources]
    first = resolved[0].document("")
    guests = guest_versions([task, first, _plain(request)], plugins)
    search = Search(task, request, resolved, names, digests, space, strategy, reward, base, guests)
    _check_together(request, strategy, reward)
    _check(search)
    return search


def check_search(
    task: str, request: SearchRequest, known: Sequence[str], plugins: Plugins, base: Path
) -> None:
    """Raise what `plan_search` raises, and for known architectures; no picture is looked for."""
    _, space = _plugin("space", request.space, plugins, base)
    clean = request.corrupt is not None or (base / request.data).is_dir()
    content = _fits(request, clean, space) | {"picture": "picture"}
    resolve(task, parse(RestoreRequest, content, ""), plugins, base, in_memory=True)
    _, strategy = _plugin("strategy", request.strategy, plugins, base)
    reward = None
    if request.reward is not None and request.reward.uses:
        _, reward = _plugin("reward", request.reward, plugins, base, plugins)
    _check_together(request, strategy, reward)
    for name in known:
        known_choices(space, request.space.uses, name, plugins, base)


def known_choices(
    space: SearchSpace, space_name: str, name: str, plugins: Plugins, base: Path
) -> dict[str, Choice]:
    """Return a known architecture, a name or a file beside `base`, as a point of the space.

    Raises PluginError for an unknown one, OptionError for one that is no point of the space.
    """
    beside = base / name
    architecture = find_architecture(str(beside) if beside.is_file() else name, plugins)
    try:
        if isinstance(architecture.architecture, PluginNetwork):
            raise InfeasibleError("it is no U-Net")
        return space.encode(architecture.architecture)
    except NasdipError as error:
        raise OptionError(f"'{name}' is no point of space '{space_name}': {error}") from None


def _fits(request: SearchRequest, clean: bool, space: SearchSpace) -> dict[str, Any]:
    """Return what a search says of each of its fits."""
    return {
        "mask": request.mask,
        "truth": request.truth,
        "seed": request.seed,
        "device": request.device,
        "task": request.task,
        "corrupt": (request.corrupt or {}) if clean else None,
        "fit": merge(space.fit, request.fit),
    }


def _check_together(request: SearchRequest, strategy: Strategy, reward: Reward | None) -> None:
    """Raise OptionError for options that do not go together, whatever the pictures."""
    if strategy.by_cost and request.pruner.uses != "none":
        raise OptionError(
            f"strategy '{request.strategy.uses}' weighs quality against cost; that is not pruned",
            "leave --pruner out",
        )
    if reward is not None and reward.compares and _grows(request):
        assert request.reward is not None
        raise OptionError(
            f"reward '{request.reward.uses}' compares pictures of one size",
            "take --pruner hyperband with pruner.rungs=iterations",
        )


def _grows(request: SearchRequest) -> bool:
    """Return whether candidates are fitted to pictures that grow."""
    return request.pruner.uses == "hyperband" and request.pruner.rungs == "resolution"


def _check(search: Search) -> None:
    """Raise OptionError for options that do not go with the pictures."""
    request, pruner = search.request, search.request.pruner
    reward = request.reward.uses if request.reward is not None else ""
    if search.reward.needs_truth and not _has_truth(search.resolved[0]):
        raise OptionError(
            f"reward '{reward}' needs the truth", "give a --truth, or take --reward held-out"
        )
    if pruner.uses == "wilcoxon" and 0.5 ** (len(search.searched) - 1) >= pruner.threshold:
        # Of n pictures that are all worse p is 0.5^n, and after the last nothing is spared.
        least = 2 + int(-math.log2(pruner.threshold))
        raise OptionError(
            f"--pruner wilcoxon needs {least} pictures to search on, and there are "
            f"{len(search.searched)}",
            "give more pictures, a larger pruner.threshold, or --pruner hyperband",
        )
    grows = _grows(request)
    if not search.clean and (grows or request.crop is not None):
        raise OptionError(
            f"option '{'pruner.rungs' if grows else 'crop'}' changes the picture, and a damaged "
            "one is taken as it is",
            "give a clean one and corrupt.*",
        )


def _sources(
    task: str, request: SearchRequest, base: Path, plugins: Plugins
) -> tuple[bool, list[str]]:
    """Return whether the pictures are clean, and their paths."""
    path = (base / request.data).absolute()
    sample = request.data.startswith(SAMPLE)
    if sample or not is_batch(
        path, task, {"corrupt": request.corrupt or {}, "task": request.task}, plugins
    ):
        if request.pictures is not None:
            raise OptionError("option 'pictures' is for folders")
        return request.corrupt is not None, [request.data if sample else str(path)]
    if request.mask is not None or request.truth is not None:
        raise OptionError(
            "a mask or a truth with a folder", "the pictures of a folder are clean and are damaged"
        )
    found = [str(picture) for picture in pictures_in(path)]
    if not found:
        raise PictureError(f"the folder '{request.data}' holds no picture")
    if request.pictures is not None and request.pictures < len(found):
        draws = generator(request.seed, "pictures")
        order = torch.randperm(len(found), generator=draws)[: request.pictures].tolist()
        found = [found[i] for i in sorted(order)]
    return True, found


def _plugin(kind: str, use: Use, plugins: Plugins, base: Path, *args: Any) -> tuple[Use, Any]:
    """Return a plugin's use with every option spelt out, and the plugin made with them."""
    where = f"{kind}.with"
    made = plugins.find(kind, use.uses).made(use.with_, where, *args, base=base)
    return with_defaults(kind, use, plugins, where, base), made


def _has_truth(resolved: Resolved) -> bool:
    return resolved.truth is not None or resolved.corrupt is not None


def _plain(options: Any) -> Any:
    return None if options is None else options.model_dump(mode="json", by_alias=True)
