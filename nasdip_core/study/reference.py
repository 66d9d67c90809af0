"""`STUDY#best`: architectures that a study has found, wherever an architecture is named."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from optuna.study import Study

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.errors import OptionError, RunError, StudyError
from nasdip_core.files import cache_folder
from nasdip_core.plugins import Plugins
from nasdip_core.space import SearchSpace
from nasdip_core.study.artifacts import Artifacts, artifacts_of
from nasdip_core.study.best import CANDIDATES, finalists, places_of
from nasdip_core.study.order import output_of
from nasdip_core.study.records import History, Record
from nasdip_core.study.storage import shown, study_file, study_url, used_storage
from nasdip_core.study.study import fits_folder, load_study, settings_of

_WHICH = re.compile(rf"best|top[1-{CANDIDATES}]|\d+")


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference leads to."""

    architectures: Sequence[NamedArchitecture]
    settings: Mapping[str, Any]
    """What the study searches."""
    fits: Sequence[Path]
    """Fits of these very networks with fresh seeds, where the search has kept them."""


def resolve_reference(source: str, plugins: Plugins, base: Path) -> Found:
    """Return what `STUDY#best`, `STUDY#top5`, `STUDY#17` or `STUDY#NAME/best` leads to.

    STUDY is a folder, a file or a URL. Raises StudyError where there is no such study or trial.
    """
    place, _, rest = source.rpartition("#")
    name, slash, which = rest.rpartition("/")
    if not place or not _WHICH.fullmatch(which):
        raise OptionError(
            f"cannot read '{shown(source)}'",
            f"write STUDY#best, STUDY#top{CANDIDATES} or STUDY#17 (a trial)",
        )
    url = study_url(place if "://" in place else base / place)
    with used_storage(url) as storage:
        study = load_study(storage, url, name if slash else None)
        settings = settings_of(study)
        fits = [] if settings["proxy"] else _fits(study, url, settings, _records(study, which))
        return Found(architectures(study, which, plugins), settings, fits)


def _fits(
    study: Study, url: str, settings: Mapping[str, Any], records: Sequence[Record]
) -> list[Path]:
    """Return the kept fits of all these trials; none where one has none."""
    # Those of the last comparison, unless the reward had kept something from them.
    kind = "restored" if settings["changes"] else "final"
    patterns = [f"{kind}-{record.slot}-*--0.safetensors" for record in records]
    artifacts, file = artifacts_of(study), study_file(url)
    if artifacts is not None:
        return _of_all([_fetched(artifacts, pattern) for pattern in patterns])
    # The folder may have been moved, with the study in it.
    places = [output_of(study), *([file.parent] if file is not None else [])]
    folders = [fits_folder(study, place) for place in places]
    each = (_of_all([sorted(f.glob(pattern)) for pattern in patterns]) for f in folders)
    return next((found for found in each if found), [])


def _of_all(found: Sequence[Sequence[Path]]) -> list[Path]:
    return [path for paths in found for path in paths] if all(found) else []


def _fetched(artifacts: Artifacts, pattern: str) -> list[Path]:
    """Fetch files whose names match, unless they were before; return where they are."""
    paths = []
    for name, told in sorted(artifacts.names().items()):
        if fnmatch(name, pattern):
            path = cache_folder() / "fits" / f"{told['sha256']}.safetensors"
            with suppress(RunError):  # one that is not what was stored is none
                if path.exists() or artifacts.get(name, path):
                    paths.append(path)
    return paths


def architectures(study: Study, which: str, plugins: Plugins) -> list[NamedArchitecture]:
    """Return the architectures of a study that `best`, `topN` or a trial's number mean."""
    settings = settings_of(study)
    use, space = settings["space"], space_of(settings, plugins)
    fit = {k: v for k, v in settings["fit"].items() if k != "report_every"}
    return [
        NamedArchitecture(
            name=f"{study.study_name}-trial-{record.slot}",
            summary=f"Found by {settings['strategy']['uses']} in {use['uses']} for "
            f"{settings['task']}",
            source=f"search of nasdip, study '{study.study_name}', trial {record.slot}",
            architecture=space.decode(space.canonical(record.choices)),
            fit=fit,
            recipe=settings.get("recipe", {}),
        )
        for record in _records(study, which)
    ]


def space_of(settings: Mapping[str, Any], plugins: Plugins) -> SearchSpace:
    """Return the space that a study searches."""
    use = settings["space"]
    registration = plugins.find("space", use["uses"])
    space: SearchSpace = registration.made(use["with"], "space.with")
    return space


def _records(study: Study, which: str) -> Sequence[Record]:
    history = History()
    history.update(study.get_trials(deepcopy=False))
    if which.isdigit():
        found = [r for r in history.records if r.slot == int(which) and r.choices]
        if not found:
            raise StudyError(f"study '{study.study_name}' has no trial {which}")
        return found
    best = {record.slot: record for record in finalists(history.records)}
    if not best:
        raise StudyError(f"no trial of study '{study.study_name}' is done yet")
    places = places_of(study, history.records)
    order = [place.slot for place in places] if places is not None else list(best)
    count = 1 if which == "best" else int(which.removeprefix("top"))
    return [best[slot] for slot in order[:count]]
