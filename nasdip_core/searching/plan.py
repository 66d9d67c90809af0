"""From a request to a search: names looked up, pictures known, defaults filled in."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import PluginNetwork, Use
from nasdip_core.errors import NasdipError, OptionError, PictureError
from nasdip_core.imaging.digest import digest
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.imaging.samples import located
from nasdip_core.options import merge, parse
from nasdip_core.pipeline.defaults import plain, with_defaults
from nasdip_core.pipeline.jobs import is_batch
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugin_versions import guest_versions
from nasdip_core.plugins import Plugins
from nasdip_core.reward import Reward
from nasdip_core.searching.definition import Search
from nasdip_core.searching.options import SearchRequest
from nasdip_core.seeds import generator
from nasdip_core.space import Choice, InfeasibleError, SearchSpace
from nasdip_core.strategy import Strategy


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
    guests = guest_versions([task, first, plain(request)], plugins)
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
