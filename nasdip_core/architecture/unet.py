"""The U-Net assembler: one network that reads top to bottom, built from an `Architecture`."""

import math

import torch.nn.functional as F
from torch import Tensor, nn

from nasdip_core.architecture.blocks import Blocks
from nasdip_core.architecture.cell import UpsamplingCell
from nasdip_core.architecture.convolution import Convolution, Repeated, joined, takes_repeated
from nasdip_core.architecture.network import Network
from nasdip_core.architecture.paths import CrossLevelPaths
from nasdip_core.architecture.pattern import residual_matrix
from nasdip_core.architecture.specification import Architecture, Head
from nasdip_core.errors import OptionError
from nasdip_core.plugins import Plugins


class UNet(Network):
    """Maps (B, C_in, h, w) to a picture (B, C_out, H, W), (H, W) = (h, w) x working resolution.

    Level 1 is the finest. Source s (0-based column of the pattern) has the size of level s + 1:
    source 0 is the input or the stem's output, source s the output of encoder level s.
    """

    def __init__(
        self,
        architecture: Architecture,
        in_channels: int,
        out_channels: int,
        plugins: Plugins,
        frames: int = 1,
    ) -> None:
        """Of several frames, a batch is one stack."""
        super().__init__()
        self.architecture = architecture
        activation = plugins.find("activation", architecture.activation).create
        make = Blocks(architecture, activation, frames)
        encoder, decoder, skip = architecture.encoder, architecture.decoder, architecture.skip
        levels = range(architecture.levels)
        matrix = residual_matrix(architecture, plugins)

        # Encoder: stem at working size, then one halving a level.
        channels = in_channels
        sources: list[int] = []
        self.stem: nn.Module = nn.Identity()
        self.encoder = nn.ModuleList()
        if encoder is not None:
            if encoder.stem:
                self.stem = make.chain(in_channels, encoder.widths[0], encoder.kernel, encoder.stem)
                channels = encoder.widths[0]
            for width in encoder.widths:
                sources.append(channels)
                self.encoder.append(
                    make.chain(channels, width, encoder.kernel, encoder.convolutions, stride=2)
                )
                channels = width

        # Paths from the encoder to the decoder.
        self.paths = CrossLevelPaths(
            matrix if sources else [],
            sources,
            make_up=lambda width: UpsamplingCell(architecture.cell, width, plugins),
            make_down=lambda inputs, outputs: make.block(
                inputs, outputs, encoder.kernel if encoder is not None else 3, stride=2
            ),
        )

        # Decoder: from the coarsest level up.
        self.up = nn.ModuleList(nn.Identity() for _ in levels)
        self.join = nn.ModuleList(nn.ModuleDict() for _ in levels)
        self.decoder = nn.ModuleList(nn.Identity() for _ in levels)
        self._repeats = [False for _ in levels]
        for level in reversed(levels):
            self.up[level] = up = UpsamplingCell(architecture.cell, channels, plugins)
            joining = [source for source in range(len(sources)) if matrix[level][source]]
            merged = channels
            if skip.merge == "concat":
                merged += len(joining) * skip.widths[level]
            self.join[level] = nn.ModuleDict(
                {str(source): self._joint(make, source, level, channels) for source in joining}
            )
            width = decoder.widths[level]
            steps: list[nn.Module] = [make.norm(merged)] if decoder.norm_merged else []
            chain = make.chain(merged, width, decoder.kernel, decoder.convolutions)
            first = None if steps else chain.get_submodule("0.0")
            self._repeats[level] = up.repeats and takes_repeated(first)
            steps.append(chain)
            if decoder.pointwise:
                steps.append(make.block(width, width, 1))
            self.decoder[level] = nn.Sequential(*steps)
            channels = width

        # Head: to the picture's size and channels.
        self.head: nn.Module = nn.Identity()
        if architecture.head is not None:
            self.head = _head(architecture, architecture.head, channels, make)
            channels = architecture.head.width
        self.to_picture = Convolution(channels, out_channels, 1, bias=architecture.bias)
        self.output = nn.Sigmoid() if architecture.output == "sigmoid" else nn.Identity()

    def _joint(self, make: Blocks, source: int, level: int, channels: int) -> nn.Module:
        """Return what a source passes before it joins a decoder level of so many channels."""
        arriving = self.paths.channels(source, level)
        if self.architecture.skip.merge == "concat":
            return make.block(arriving, self.architecture.skip.widths[level], 1)
        if source == level:
            return make.block(arriving, channels, 1)
        # Added features need equal widths; NAS-DIP has one width everywhere.
        if arriving == channels:
            return nn.Identity()
        return Convolution(arriving, channels, 1, bias=self.architecture.bias)

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the input's (h, w) for a picture of `size`: enough for every level to be whole.

        The working size is a multiple of 2^levels and at least 2^(levels+1).
        """
        architecture = self.architecture
        step = 2**architecture.levels
        least = 2 * step
        if architecture.padding == "reflect":
            kernels = [architecture.decoder.kernel]
            kernels += [architecture.encoder.kernel] if architecture.encoder is not None else []
            # Reflection needs more samples than it adds; level L has 1 / 2^(L-1) of the size,
            # the encoder's last block half of that.
            least = step * max(2, (max(kernels) - 1) // 2 + 1)
        height, width = (
            max(least, math.ceil(side / architecture.working_resolution / step) * step)
            for side in size
        )
        if architecture.encoder is None:
            return height // step, width // step
        return height, width

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Return the picture of `size` (default: the input's size x working resolution)."""
        x, rows, columns = self._whole(z, size)  # (B, C_in, h, w)
        sources: list[Tensor] = []
        if self.architecture.encoder is not None:
            x = self.stem(x)
            for block in self.encoder:
                sources.append(x)  # (B, C_s, h / 2^s, w / 2^s)
                x = block(x)
        arriving = self.paths(sources) if sources else [{} for _ in self.decoder]
        for level in reversed(range(self.architecture.levels)):
            beside = [
                self.join[level].get_submodule(str(source))(features)
                for source, features in sorted(arriving[level].items())
            ]
            x = self.decoder[level](self._merged(level, beside, x))
        picture: Tensor = self.output(self.to_picture(self.head(x)))
        return picture[..., rows, columns]  # (B, C_out, H, W)

    def _merged(self, level: int, beside: list[Tensor], x: Tensor) -> Tensor | Repeated:
        """Return level + 1's features (B, C, h, w), doubled, with what comes over paths."""
        concat = self.architecture.skip.merge == "concat"
        if self._repeats[level] and (concat or not beside):
            return Repeated(joined(beside) if beside else None, x)
        x = self.up[level](x)  # (B, C, h / 2^level, w / 2^level)
        if concat:
            return joined([*beside, x])
        return sum(beside, start=x)

    def _whole(self, z: Tensor, size: tuple[int, int] | None) -> tuple[Tensor, slice, slice]:
        """Pad an input of any size by its border so that every level is whole.

        Return it, and rows and columns of the picture of `size` in what it becomes.
        """
        resolution = self.architecture.working_resolution
        if self.architecture.encoder is None:
            resolution *= 2**self.architecture.levels
        given = (z.shape[-2], z.shape[-1])
        if size is None:
            size = (given[0] * resolution, given[1] * resolution)
        around: list[int] = []
        parts = []
        for have, need, side in zip(given, self.input_size(size), size, strict=True):
            if have > need:
                raise OptionError(f"the input {given} is too large for a picture of {size}")
            before = (need - have) // 2
            around = [before, need - have - before, *around]
            # The centre of what was given, which is not that of the whole where the border is odd.
            start = max(0, before * resolution + (have * resolution - side) // 2)
            parts.append(slice(start, start + side))
        if any(around):
            z = F.pad(z, around, mode="replicate")
        return z, parts[0], parts[1]


def _head(architecture: Architecture, head: Head, channels: int, make: Blocks) -> nn.Module:
    """Return the layers between the finest decoder level and the last convolution."""
    steps: list[nn.Module] = []
    if architecture.working_resolution > 1:
        # Fewer channels before the resize: the layers at picture size cost the most.
        steps += [
            Convolution(channels, head.width, 1, bias=architecture.bias),
            nn.Upsample(scale_factor=architecture.working_resolution, mode="bilinear"),
            make.norm_and_activation(head.width),
        ]
        channels = head.width
    steps.append(make.chain(channels, head.width, head.kernel, head.convolutions))
    return nn.Sequential(*steps)
