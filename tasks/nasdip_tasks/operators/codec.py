"""The JPEG codec as a differentiable operator."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import dct
from torch import Tensor

from nasdip_core.imaging.kinds import Coding
from nasdip_core.operators import Operator

_BLOCK = 8


class Codec(Operator):
    """y = decode(encode(x)) on (B, C, H, W), C = 1 grey or 3 RGB; as ISO 10918-1 and JFIF.

    Rounding lets gradients pass as they are (straight through; Bengio et al., "Estimating or
    propagating gradients through stochastic neurons", 2013), so the residual of a picture that
    falls into the coded intervals is 0, and another's leads there.
    """

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self._tables = [
            torch.tensor(table, dtype=torch.float32).reshape(_BLOCK, _BLOCK)
            for table in coding.tables
        ]
        self._basis = torch.from_numpy(dct(np.eye(_BLOCK), axis=0, norm="ortho")).float()

    @property
    def grid(self) -> int:
        """Pixels of the side of the blocks that are coded together."""
        return _BLOCK * max(self.coding.subsampling)

    def forward(self, picture: Tensor) -> Tensor:
        """Return the decoded picture, as it comes before it is rounded and clipped."""
        if picture.shape[1] == 1:
            return self._coded(255 * picture - 128, 0) / 255 + 128 / 255
        height, width = (int(side) for side in picture.shape[-2:])
        down, across = self.coding.subsampling
        # Whole blocks of all components, the border repeated as encoders do.
        below, right = -height % (_BLOCK * down), -width % (_BLOCK * across)
        padded = F.pad(picture, (0, right, 0, below), mode="replicate")
        red, green, blue = (255 * padded).unbind(dim=1)
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        chroma = torch.stack([(blue - luma) / 1.772, (red - luma) / 1.402], dim=1)
        luma = self._coded(luma[:, None] - 128, 0) + 128
        chroma = self._coded(F.avg_pool2d(chroma, (down, across)), -1)
        chroma = F.interpolate(chroma, luma.shape[-2:], mode="bilinear")
        cb, cr = chroma[:, :1], chroma[:, 1:]
        green = luma - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587
        decoded = torch.cat([luma + 1.402 * cr, green, luma + 1.772 * cb], dim=1) / 255
        return decoded[..., :height, :width]

    def to(self, device: torch.device) -> "Codec":
        """Move tables and cosines to a device."""
        self._tables = [table.to(device) for table in self._tables]
        self._basis = self._basis.to(device)
        return self

    def tile(self, size: tuple[int, int]) -> "Codec":
        """Return the same codec, whose blocks begin at the corner of the part."""
        return self

    def _coded(self, plane: Tensor, table: int) -> Tensor:
        """Return planes (B, C, H, W) around zero, their DCT coefficients rounded to steps."""
        height, width = (int(side) for side in plane.shape[-2:])
        padded = F.pad(plane, (0, -width % _BLOCK, 0, -height % _BLOCK), mode="replicate")
        blocks = padded.unfold(2, _BLOCK, _BLOCK).unfold(3, _BLOCK, _BLOCK)
        levels = self._basis @ blocks @ self._basis.T / self._tables[table]
        levels = levels + (levels.round() - levels).detach()
        blocks = self._basis.T @ (levels * self._tables[table]) @ self._basis
        rows = blocks.transpose(3, 4).flatten(4).flatten(2, 3)
        return rows[..., :height, :width]
