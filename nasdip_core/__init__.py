"""nasdip: restore pictures with an untrained network whose structure is the prior."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasdip_core.architecture.specification import Architecture
    from nasdip_core.errors import ExitCode, NasdipError
    from nasdip_core.hooks import API_VERSION, Offer, hookimpl
    from nasdip_core.options import Options
    from nasdip_core.pipeline.api import restore
    from nasdip_core.pipeline.restore import Restored
    from nasdip_core.plugins import Plugins
    from nasdip_core.searching.api import search

# Resolved on first use, so that plugins and the command line import nothing heavy.
_HOMES = {
    "API_VERSION": "nasdip_core.hooks",
    "Architecture": "nasdip_core.architecture.specification",
    "ExitCode": "nasdip_core.errors",
    "NasdipError": "nasdip_core.errors",
    "Offer": "nasdip_core.hooks",
    "Options": "nasdip_core.options",
    "Plugins": "nasdip_core.plugins",
    "Restored": "nasdip_core.pipeline.restore",
    "hookimpl": "nasdip_core.hooks",
    "restore": "nasdip_core.pipeline.api",
    "search": "nasdip_core.searching.api",
}

__all__ = [
    "API_VERSION",
    "Architecture",
    "ExitCode",
    "NasdipError",
    "Offer",
    "Options",
    "Plugins",
    "Restored",
    "hookimpl",
    "restore",
    "search",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'nasdip_core' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
