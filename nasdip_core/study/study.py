"""A nasdip study: an Optuna study that knows which search it belongs to."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study

from nasdip_core.errors import StudyError
from nasdip_core.study.order import check_version
from nasdip_core.study.storage import explained, shown

SCHEMA = "nasdip.study/1"
SETTINGS = "nasdip:search"
"""Attribute of a study: what it searches, as `Search.settings` returns it."""
_ID = "nasdip:id"
"""Attribute of a study: what tells it from others of its name, in other files or after it."""
_FIRST = ("task", "space", "strategy", "reward", "pruner", "pictures")
"""Settings that others follow from: where several differ, one of these is told."""
FITS = "fits"
"""Folder of finished fits, in that of the search."""
FINALS = " finals "
"""What stands in the name of a study that holds the last comparison of another one's best."""


def names(storage: BaseStorage, url: str) -> list[str]:
    """Return the names of the nasdip studies in a storage, sorted."""
    with explained(url):
        found = storage.get_all_studies()
    return sorted(s.study_name for s in found if SETTINGS in s.user_attrs)


def create_study(
    storage: BaseStorage,
    url: str,
    name: str,
    settings: Mapping[str, Any],
    *,
    by_cost: bool,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """Make the study of a search, or open the one that is there.

    Raises StudyError where the study belongs to another search, or to another nasdip.
    """
    with explained(url):
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["maximize", "minimize"] if by_cost else ["maximize"],
            load_if_exists=True,
            sampler=sampler,
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        # In this order: another process that begins as well sets them before its first trial.
        trials = study.get_trials(deepcopy=False)
        if SETTINGS not in study.user_attrs:
            if trials:
                raise StudyError(f"study '{name}' at '{shown(url)}' was not made by nasdip")
            study.set_user_attr(_ID, secrets.token_hex(4))
            study.set_user_attr(SETTINGS, _plain(settings))
        check_version(study)
        _compare(study.user_attrs[SETTINGS], _plain(settings), name, url)
    return study


def load_study(
    storage: BaseStorage,
    url: str,
    name: str | None = None,
    *,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """Open a study by its name, or the only one. Raises StudyError where that is not clear."""
    known = names(storage, url)
    if name is None:
        if not known:
            raise StudyError(f"'{shown(url)}' holds no study of nasdip")
        if len(known) > 1:
            raise StudyError(
                f"'{shown(url)}' holds {len(known)} studies", f"name one: {', '.join(known)}"
            )
        name = known[0]
    elif name not in known:
        listed = f"it holds: {', '.join(known)}" if known else "it holds none"
        raise StudyError(f"there is no study '{name}' at '{shown(url)}'", listed)
    with explained(url):
        study = optuna.load_study(
            storage=storage,
            study_name=name,
            sampler=sampler or optuna.samplers.RandomSampler(),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        settings = study.user_attrs[SETTINGS]
    if settings.get("schema") != SCHEMA:
        raise StudyError(
            f"study '{name}' at '{shown(url)}' was made by another version of nasdip "
            f"({settings.get('schema')})"
        )
    return study


def fits_folder(study: Study, output: Path) -> Path:
    """Return where a search into a folder keeps the fits of a study: those of no other."""
    return output / FITS / id_of(study)


def id_of(study: Study) -> str:
    """Return what tells a study from others of its name, in other files or after it."""
    return str(study.user_attrs.get(_ID, ""))


def settings_of(study: Study) -> dict[str, Any]:
    """Return what a study searches."""
    found: dict[str, Any] = study.user_attrs[SETTINGS]
    return found


def _compare(known: Mapping[str, Any], asked: Mapping[str, Any], name: str, url: str) -> None:
    """Raise StudyError for the first difference between two searches."""
    different = _first_difference(known, asked, [])
    if different is not None:
        path, theirs, ours = different
        raise StudyError(
            f"study '{name}' at '{shown(url)}' has {path} = {_short(theirs)}, "
            f"this search {_short(ours)}",
            "take another -o, --study or --name, or the same options as before",
        )


def _first_difference(known: Any, asked: Any, path: Sequence[str]) -> tuple[str, Any, Any] | None:
    if isinstance(known, Mapping) and isinstance(asked, Mapping):
        # What else differs follows from these.
        first = [key for key in _FIRST if key in known or key in asked]
        for key in (*first, *sorted((known.keys() | asked.keys()) - {*first})):
            found = _first_difference(known.get(key), asked.get(key), [*path, key])
            if found is not None:
                return found
        return None
    return None if known == asked else (".".join(path), known, asked)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _plain(content: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(content))
