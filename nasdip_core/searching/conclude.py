"""What a finished search leaves: the best architecture, the restored picture, page and result."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from optuna.study import Study

from nasdip_core.architecture.named import to_yaml
from nasdip_core.device import choose_device
from nasdip_core.files import whole_file
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.write import write_picture
from nasdip_core.pipeline.outcome import rendered
from nasdip_core.pipeline.restore import run
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.definition import Search
from nasdip_core.searching.finals import SEEDS, failed_comparisons
from nasdip_core.searching.kept import KeptFits, final_label, restored_label
from nasdip_core.searching.listeners import reports
from nasdip_core.searching.page import write_search_page
from nasdip_core.searching.run import Effort, early_end
from nasdip_core.searching.summary import summary
from nasdip_core.study.artifacts import artifacts_of
from nasdip_core.study.reference import architectures
from nasdip_core.study.study import fits_folder

SUMMARY = "search.json"
"""Tells that a folder is a search's."""


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
    told["notes"] += failed_comparisons(study)
    told["notes"] += reports(study)
    if told["settings"]["proxy"]:
        told["notes"].append(
            "The search fitted narrower networks; `nasdip run --arch STUDY#best` fits the full one."
        )
    earlier = _study_of(effort.output / SUMMARY)
    if earlier not in (None, study.study_name):
        told["notes"].append(
            f"The files of study '{earlier}' in '{effort.output}' are replaced; if it lies there, "
            f"STUDY#{earlier}/best still leads to what it has found."
        )
    outputs: dict[str, str] = {}
    told["outputs"] = outputs
    pictures: dict[str, Picture] = {}
    # Before the others: it says that they are a search's, if this one breaks off.
    _write(effort.output / SUMMARY, json.dumps(told, indent=2) + "\n")
    if told["best"]:
        text = to_yaml(architectures(study, "best", plugins)[0])
        _write(effort.output / "best.yaml", text)
        outputs["architecture"] = str(export or effort.output / "best.yaml")
        evaluator = Evaluator(search, plugins, choose_device(search.request.device))
        kept = KeptFits(fits_folder(study, effort.output), artifacts_of(study))
        if search.single:
            pictures, notes = _restored(evaluator, told["best"][0], kept)
            told["notes"] += notes
            for name, picture in pictures.items():
                written = write_picture(picture, effort.output / f"{name}{picture.suffix}")
                outputs[name] = str(written[0])
        pictures |= _candidates(evaluator, told["best"], kept)
    page = effort.output / "index.html"
    write_search_page(page, told, pictures)
    outputs["page"] = str(page)
    _write(effort.output / SUMMARY, json.dumps(told, indent=2) + "\n")
    if told["best"] and export is not None:
        # Last of all: it may be refused.
        _write(export, text)
    return told


def _study_of(file: Path) -> str | None:
    """Return whose result a folder holds; None: nobody's."""
    try:
        name = json.loads(file.read_text("utf-8"))["study"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _write(path: Path, text: str) -> None:
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _restored(
    evaluator: Evaluator, best: Mapping[str, Any], kept: KeptFits
) -> tuple[dict[str, Picture], Sequence[str]]:
    """Return the picture as a run with the best candidate restores it, and what is to be known.

    The fits are those of the fresh seeds; the recipe around them is that of the task's network.
    """
    search, device = evaluator.search, evaluator.device
    slot = best["trial"]
    candidate = evaluator.candidate(search.space.canonical(best["choices"]))
    files: list[str] = []
    for fresh in range(SEEDS):
        label = final_label(slot, fresh)
        if search.reward.changes:
            # The fits of the comparison lack what was kept from them.
            label = restored_label(slot, fresh)
            kept.once(label, 0, device, partial(evaluator.restored, candidate, 0, fresh))
        if kept.load(label, 0, device) is not None:
            files.append(str(kept.path(label, 0)))
    if not files:
        return {}, ["The picture is not restored: no fit of the best network was kept."]
    resolved = replace(search.of(candidate.proxy, 0), kept=tuple(files))
    done = run(resolved, evaluator.plugins, None, given=evaluator.given(0))
    return dict(done.pictures), done.notes


def _candidates(
    evaluator: Evaluator, best: Sequence[Mapping[str, Any]], kept: KeptFits
) -> dict[str, Picture]:
    """Return what each of the best makes of one picture, with the first of the fresh seeds."""
    search = evaluator.search
    picture = (search.validation or search.searched)[0]
    pictures: dict[str, Picture] = {}
    for place in best:
        fit = kept.load(final_label(place["trial"], 0), picture, evaluator.device)
        if fit is not None:
            shown = _rendered(evaluator, picture, 0, fit.chosen)
            pictures[f"trial {place['trial']}"] = next(iter(shown.values()))
    return pictures


def _rendered(
    evaluator: Evaluator, picture: int, fresh: int | None, estimate: Estimate
) -> dict[str, Picture]:
    prepared = evaluator.prepared(picture, fresh)
    prepared.problem.to(evaluator.device)
    return rendered(prepared.problem, estimate, prepared.sources)
