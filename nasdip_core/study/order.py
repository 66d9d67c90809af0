"""What the workers of a study are to do, kept with the study: its URL is all that one needs."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optuna.study import Study

from nasdip_core.errors import StudyError

_ORDER = "nasdip:order"
"""Attribute of a study: the task, the request with every option, how many trials."""


def note_order(study: Study, order: Mapping[str, Any]) -> None:
    """Note what is to be done. Raises StudyError where another nasdip has begun it."""
    check_version(study)
    study.set_user_attr(_ORDER, {"version": version("nasdip"), **order})


def order_of(study: Study) -> dict[str, Any]:
    """Return what is to be done. Raises StudyError where this nasdip is not the one to do it."""
    check_version(study)
    order: dict[str, Any] | None = study.user_attrs.get(_ORDER)
    if order is None:
        raise StudyError(f"study '{study.study_name}' does not say what to do", "search first")
    return order


def output_of(study: Study) -> Path:
    """Return the folder that the study is searched into, on the machine that has begun it."""
    return Path(study.user_attrs.get(_ORDER, {}).get("output", ""))


def check_version(study: Study) -> None:
    """Two versions may fit, reward or propose otherwise: their trials make no one search."""
    theirs, ours = study.user_attrs.get(_ORDER, {}).get("version"), version("nasdip")
    if theirs not in (None, ours):
        raise StudyError(
            f"study '{study.study_name}' is searched by nasdip {theirs}, and this is {ours}",
            f"install nasdip {theirs} here, or take another --study or --name",
        )
