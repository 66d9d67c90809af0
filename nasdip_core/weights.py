"""Files of trained weights: safetensors, with the network that they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.errors import OptionError, RunError
from nasdip_core.files import whole_file
from nasdip_core.options import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

_FORMAT = "nasdip.weights/1"


def save_weights(
    path: Path, weights: Mapping[str, Tensor], network: NamedArchitecture, task: str
) -> None:
    """Write trained weights. Raises RunError where the folder does not take it."""
    from safetensors.torch import save_file

    content = {"format": _FORMAT, "task": task, "network": network.model_dump_json(by_alias=True)}
    whole = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    try:
        with whole_file(path) as draft:
            save_file(whole, draft, metadata=content)
    except SafetensorError as error:
        raise RunError(f"cannot write '{path}': {error}") from None


def network_of(path: Path, task: str) -> NamedArchitecture:
    """Return the network that a file's weights were trained in, and what it was called.

    Raises OptionError for a file that holds no weights of this task.
    """
    with _opened(path, "np") as file:
        content = file.metadata() or {}
    if content.get("format") != _FORMAT:
        raise OptionError(f"'{path}' holds no weights of nasdip")
    if content["task"] != task:
        raise OptionError(f"'{path}' holds weights of the task '{content['task']}', not '{task}'")
    return parse(NamedArchitecture, json.loads(content["network"]), str(path))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return a file's weights, on the CPU. Raises OptionError where it cannot be read."""
    with _opened(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network its weights. Raises OptionError where they are another network's."""
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        detail = " ".join(str(error).split())
        raise OptionError(f"the weights do not fit the network: {detail:.160}") from None


def _opened(path: Path, framework: str) -> Any:
    try:
        return safe_open(path, framework=framework)
    except OSError as error:
        raise OptionError(f"cannot read the weights '{path}': {error}") from None
    except SafetensorError as error:
        raise OptionError(f"'{path}' is no file of weights (safetensors: {error})") from None
