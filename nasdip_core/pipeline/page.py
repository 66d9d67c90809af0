"""Gathers what the page of a run shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nasdip_core.architecture.drawing import draw_network
from nasdip_core.architecture.pattern import residual_matrix
from nasdip_core.architecture.specification import PluginNetwork
from nasdip_core.fit.events import Event
from nasdip_core.fit.networks import cost_in
from nasdip_core.hooks import PageSection
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.preview import preview_png
from nasdip_core.imaging.stack import Stack
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.pipeline.sources import Sources
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Slot
from nasdip_core.report.page import Page, Panel, write_page

_LONGEST = 2048
"""Pixels of the longest side on the page; the files beside it have them all."""


def write_run_page(
    path: Path,
    *,
    title: str,
    result: Mapping[str, Any],
    document: Mapping[str, Any],
    sources: Sources,
    missing: torch.Tensor | None,
    pictures: Mapping[str, Picture],
    events: Sequence[Event],
    resolved: Resolved,
    slot: Slot,
    plugins: Plugins,
    notes: Sequence[str],
    sections: Sequence[PageSection],
) -> None:
    """Write `report.html` of a restoration; `missing` is (B, 1, H, W) bool."""
    first, *others = pictures
    panels = [_panel(name, name, pictures[name]) for name in others]
    if sources.truth is not None:
        panels.append(_panel("truth", "used for measures only", sources.truth))
    if missing is not None:
        middle = missing[len(missing) // 2, 0]
        white = picture_of((middle.cpu().numpy() * 255).astype(np.uint8))
        panels.append(_panel("mask", "white was missing", white))
    write_page(
        path,
        Page(
            title=title,
            result=result,
            settings=document,
            before=_panel("before", "Before", sources.picture),
            after=_panel(first, first.capitalize(), pictures[first]),
            others=panels,
            events=events,
            networks=_drawn(resolved, slot, plugins),
            notes=notes,
            sections=sections,
        ),
    )


def _drawn(resolved: Resolved, slot: Slot, plugins: Plugins) -> dict[str, str]:
    """Return the drawing of a U-Net by its name; nothing for another network."""
    architecture = resolved.arch.architecture
    if isinstance(architecture, PluginNetwork):
        return {}
    guide = 0 if resolved.recipe.guide is None else slot.channels
    cost = cost_in(slot, architecture, plugins, guide=guide)
    caption = f"{cost.parameters:,} parameters, {cost.macs / 1e9:.2f} G multiply-adds"
    drawing = draw_network(architecture, residual_matrix(architecture, plugins), caption=caption)
    return {resolved.arch.name: drawing}


def _panel(name: str, caption: str, picture: Picture) -> Panel:
    if isinstance(picture, Stack):
        count = len(picture.frames)
        caption = f"{caption}: frame {count // 2 + 1} of {count}"
    return Panel(name, caption, preview_png(picture, _LONGEST))
