"""The residual pattern of an architecture as a matrix (torch-free)."""

from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import PluginError
from nasdip_core.plugins import Plugins


def residual_matrix(architecture: Architecture, plugins: Plugins) -> list[list[bool]]:
    """Return the levels x levels matrix: [destination decoder level][source level], finest first.

    Raises PluginError where the residual plugin returns anything else.
    """
    use = architecture.residual
    levels = architecture.levels
    registration = plugins.find("residual", use.uses)
    matrix = registration.made(use.with_, "architecture.residual.with", levels)
    try:
        found = [[bool(entry) for entry in row] for row in matrix]
    except (TypeError, ValueError, RuntimeError):  # a guest may return anything
        found = []
    if len(found) != levels or any(len(row) != levels for row in found):
        raise PluginError(f"residual '{use.uses}' gave no {levels} x {levels} matrix")
    return found
