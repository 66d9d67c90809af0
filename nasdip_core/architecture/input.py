"""The network's fixed input: random, and a guide where there is one."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.architecture.specification import Input, NetworkSpecification, PluginNetwork
from nasdip_core.errors import OptionError


def input_channels(spec: Input, frames: int = 1) -> int:
    """Return the channels of the input; the grid of several frames has their time as well."""
    return spec.channels + (spec.kind == "grid" and frames > 1)


def draw_input(
    spec: Input, size: tuple[int, int], generator: torch.Generator, frames: int = 1
) -> Tensor:
    """Return the input (T, C, h, w), drawn on the CPU so that every device starts alike.

    uniform: scale * U(0, 1); normal: scale * N(0, 1); grid: scale * (x, y) in [0, 1], of several
    frames (x, y, t). Of several frames only every k-th is drawn, k = `keyframes`; those between
    are blends of the two beside, so that what is alike in time begins alike.
    """
    if spec.kind == "grid":
        return _grid(size, frames) * spec.scale
    drawn = -(-(frames - 1) // spec.keyframes) + 1
    draw = torch.rand if spec.kind == "uniform" else torch.randn
    values = draw((drawn, spec.channels, *size), generator=generator)
    times = torch.arange(frames) / spec.keyframes
    before = times.long()
    after = (before + 1).clamp(max=drawn - 1)
    share = (times - before).view(-1, 1, 1, 1)
    return values[before].lerp(values[after], share) * spec.scale


def _grid(size: tuple[int, int], frames: int) -> Tensor:
    rows, columns = (torch.linspace(0, 1, side) for side in size)
    places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"))[None]
    if frames == 1:
        return places
    time = torch.linspace(0, 1, frames).view(-1, 1, 1, 1).expand(-1, 1, *size)
    return torch.cat([places.expand(frames, -1, -1, -1), time], dim=1)


def guiding_factor(architecture: NetworkSpecification) -> int:
    """Return how many pixels a side of a guide stand at one place of the input."""
    return 1 if isinstance(architecture, PluginNetwork) else architecture.working_resolution


def guiding_input(guide: Tensor, size: tuple[int, int], factor: int) -> Tensor:
    """Return a picture (B, C, H, W) in [0, 1] as input (B, C r^2, h, w) around zero.

    r is the `factor`: every place holds the r x r pixels that it stands for, so nothing is lost.
    The border is continued to the input's (h, w) = `size`. Raises OptionError for a network whose
    input has no room for the picture, such as one without an encoder.
    """
    rows, columns = (
        factor * side - have for side, have in zip(size, guide.shape[-2:], strict=True)
    )
    if rows < 0 or columns < 0:
        raise OptionError(
            "this network has no room for a guide: its input is smaller than the picture",
            "take one with an encoder, or leave recipe.guide out",
        )
    around = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    whole = F.pad(guide.cpu(), around, mode="replicate")
    return F.pixel_unshuffle(whole, factor) - 0.5
