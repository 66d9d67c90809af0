"""What a finished search leaves: the best architecture, the restored picture, page and result."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import torch
from optuna.study import Study

from nasdip_core.architecture.named import to_yaml
from nasdip_core.device import choose_device
from nasdip_core.files import whole_file
from nasdip_core.fit.result import FitResult
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.write import write_picture
from nasdip_core.pipeline.outcome import rendered
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.finals import SEEDS
from nasdip_core.searching.kept import KeptFits, final_label, restored_label
from nasdip_core.searching.page import write_search_page
from nasdip_core.searching.plan import Search
from nasdip_core.searching.run import Effort, early_end
from nasdip_core.searching.summary import summary
from nasdip_core.study.reference import architectures


def conclude(
    search: Search,
    study: Study,
    effort: Effort,
    plugins: Plugins,
    export: Path | None,
    seconds: float,
) -> dict[str, Any]:
    """Write what was found into the output folder and return it as a `nasdip.search/1` object."""
    told = summary(study)
    early = early_end(study, search, effort.trials)
    told["seconds"] = round(seconds, 3)
    told["notes"] = [f"The search ended early: {early}."] if early else []
    if told["settings"]["proxy"]:
        told["notes"].append(
            "The search fitted narrower networks; `nasdip run --arch STUDY#best` fits the full one."
        )
    outputs: dict[str, str] = {}
    pictures: dict[str, Picture] = {}
    if told["best"]:
        text = to_yaml(architectures(study, "best", plugins)[0])
        for path in (effort.output / "best.yaml", *([export] if export is not None else [])):
            with whole_file(path) as draft:
                draft.write_text(text, encoding="utf-8")
            outputs["architecture"] = str(path)
        if search.single:
            pictures = _restored(search, told["best"], KeptFits(effort.output), plugins)
            for name, picture in pictures.items():
                written = write_picture(picture, effort.output / f"{name}{picture.suffix}")
                outputs[name] = str(written[0])
    page = effort.output / "index.html"
    write_search_page(page, told, pictures)
    outputs["page"] = str(page)
    told["outputs"] = outputs
    with whole_file(effort.output / "search.json") as draft:
        draft.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return told


def _restored(
    search: Search, best: list[dict[str, Any]], kept: KeptFits, plugins: Plugins
) -> dict[str, Picture]:
    """Return the picture as the best candidate restores it: the mean over the fresh seeds."""
    device = choose_device(search.request.device)
    slot = best[0]["trial"]
    fits: list[FitResult | None] = []
    for fresh in range(SEEDS):
        if search.reward.changes:
            # The fits of the comparison lack what was kept from them.
            evaluator = Evaluator(search, plugins, device)
            candidate = evaluator.candidate(search.space.canonical(best[0]["choices"]))
            make = partial(evaluator.restored, candidate, 0, fresh)
            fits.append(kept.once(restored_label(slot, fresh), 0, device, make))
        else:
            fits.append(kept.load(final_label(slot, fresh), 0, device))
    found = [fit.chosen for fit in fits if fit is not None]
    if not found:
        return {}
    prepared = prepare(search.resolved[0], plugins)
    prepared.problem.to(device)
    return rendered(prepared.problem, _mean(found), prepared.sources)


def _mean(estimates: list[Estimate]) -> Estimate:
    return {name: torch.stack([e[name] for e in estimates]).mean(dim=0) for name in estimates[0]}
