"""The named networks that spaces vary, and what a search narrows (torch-free)."""

import importlib.resources
from types import MappingProxyType

import yaml

from nasdip_core.architecture.specification import Architecture

NAS_DIP_FIT = MappingProxyType({"jitter": 0.03})
"""Fit options for inputs of scale 0.1, as the released networks have them (NAS-DIP, ECCV 2020)."""


def named_network(name: str) -> Architecture:
    """Return the network of an architecture of this package that writes it out."""
    file = importlib.resources.files("nasdip_searchspaces.zoo") / f"{name}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Architecture.model_validate(content["architecture"])


def narrowed(architecture: Architecture, width: int | None) -> Architecture:
    """Return the architecture with no level wider than `width` channels; None: as it is."""
    if width is None:
        return architecture
    parts = {
        name: part.model_copy(update={"widths": tuple(min(w, width) for w in part.widths)})
        for name in ("encoder", "decoder", "skip")
        if (part := getattr(architecture, name)) is not None
    }
    return architecture.model_copy(update=parts)
