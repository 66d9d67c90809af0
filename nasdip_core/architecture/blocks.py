"""The convolution block of encoder, skips and decoder, as an architecture describes it."""

from collections.abc import Callable

from torch import nn

from nasdip_core.architecture.convolution import Convolution
from nasdip_core.architecture.specification import Architecture
from nasdip_core.architecture.temporal import TemporalShift


class Blocks:
    """Makes convolution blocks in the style of one architecture.

    A block is convolution, normalisation, activation in the order that `architecture.block` names:
    (B, C_in, H, W) -> (B, C_out, H / stride, W / stride).
    """

    def __init__(
        self, architecture: Architecture, activation: Callable[[], nn.Module], frames: int = 1
    ) -> None:
        """With several frames, what a block of a kernel above 1 hands on is shifted in time."""
        self._architecture = architecture
        self._activation = activation
        self._shifts = frames > 1 and architecture.temporal_shift > 0

    def activation(self) -> nn.Module:
        """Return a new activation; in place where its own result is all that it remembers.

        What it follows, a convolution or a normalisation, remembers its input only.
        """
        made = self._activation()
        if isinstance(made, (nn.ReLU, nn.LeakyReLU)):
            made.inplace = True
        return made

    def convolution(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> Convolution:
        """Return a padded convolution; with stride 2 an even size is exactly halved."""
        return Convolution(
            inputs,
            outputs,
            kernel,
            stride=stride,
            padding=(kernel - 1) // 2,
            padding_mode=self._architecture.padding if kernel > 1 else "zeros",
            bias=self._architecture.bias,
        )

    def norm(self, channels: int) -> nn.Module:
        """Return the normalisation, always by the statistics of the tensor at hand."""
        match self._architecture.norm:
            case "batch":
                return nn.BatchNorm2d(channels, track_running_stats=False)
            case "instance":
                return nn.InstanceNorm2d(channels, affine=True)
            case "none":
                return nn.Identity()

    def block(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
        """Return convolution, normalisation and activation in the architecture's order."""
        convolution = self.convolution(inputs, outputs, kernel, stride)
        steps = [convolution, self.norm(outputs), self.activation()]
        if self._architecture.block == "conv-act-norm":
            steps = [convolution, self.activation(), self.norm(outputs)]
        if self._shifts and kernel > 1:
            steps.append(TemporalShift(self._architecture.temporal_shift))
        return nn.Sequential(*steps)

    def chain(
        self, inputs: int, outputs: int, kernel: int, count: int, stride: int = 1
    ) -> nn.Sequential:
        """Return `count` blocks in a row; the first one has the stride."""
        return nn.Sequential(
            *(
                self.block(outputs if i else inputs, outputs, kernel, 1 if i else stride)
                for i in range(count)
            )
        )

    def norm_and_activation(self, channels: int) -> nn.Sequential:
        """Return normalisation and activation in the architecture's order."""
        parts = [self.norm(channels), self._activation()]
        return nn.Sequential(
            *(parts if self._architecture.block == "conv-norm-act" else reversed(parts))
        )
