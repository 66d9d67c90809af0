"""The upsampling cell: one searched x2 step, built from three plugins (NAS-DIP)."""

from torch import Tensor, nn

from nasdip_core.architecture.ops import Transform, Upsampling
from nasdip_core.architecture.specification import Cell
from nasdip_core.errors import OptionError
from nasdip_core.plugins import Plugins


class UpsamplingCell(nn.Module):
    """(B, C, H, W) -> (B, C, 2H, 2W): resample and transform in either order, each activated.

    An identity transform is left out, and with it its activation.
    """

    def __init__(self, cell: Cell, channels: int, plugins: Plugins) -> None:
        super().__init__()
        activation = plugins.find("activation", cell.activation)
        resample = plugins.find("upsampling", cell.resample)
        transform = plugins.find("transform", cell.transform)
        upsampling: type[Upsampling] = resample.resolve()
        ops = {"kernel": cell.kernel, "dilation": cell.dilation}
        divisor = upsampling.channel_divisor
        try:
            if cell.order == "resample-first":
                steps = [
                    resample.create(channels, **ops),
                    transform.create(channels // divisor, channels, **ops),
                ]
            else:
                steps = [
                    transform.create(channels, channels * divisor, **ops),
                    resample.create(channels * divisor, **ops),
                ]
        except ValueError as error:
            raise OptionError(
                f"the cell cannot be built for {channels} channels: {error}"
            ) from None
        self.steps = nn.Sequential()
        for step in steps:
            if cell.transform == "identity" and isinstance(step, Transform):
                continue
            self.steps.append(step)
            if cell.activation != "none":
                self.steps.append(activation.create())
        self.repeats = len(self.steps) == 1 and upsampling.repeats

    def forward(self, features: Tensor) -> Tensor:
        """Return the features at twice the size."""
        upsampled: Tensor = self.steps(features)
        return upsampled
