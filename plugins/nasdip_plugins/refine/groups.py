"""Groups of similar patches: where the partners of reference patches are."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Grouping:
    """How patches are grouped; all lengths in pixels."""

    patch: int
    """Side of a patch."""
    stride: int
    """Distance between reference patches."""
    reach: int
    """Partners start at most so many rows and columns away."""
    partners: int
    """Patches in a group, the reference patch included."""

    def fitted_to(self, size: tuple[int, int]) -> "Grouping":
        """Return the same for a picture that may be smaller than a patch or a group."""
        side = min(self.patch, *size)
        room = [min(self.reach, length - side) + 1 for length in size]
        partners = min(self.partners, room[0] * room[1])
        return Grouping(side, min(self.stride, side), self.reach, partners)


def partners(
    around: Tensor, grouping: Grouping, inside: tuple[slice, slice], places: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return the K places whose patches are nearest to each of R reference patches, and how near.

    Both are (R, K); how near is the mean squared distance, summed over channels. Each reference
    patch is its own first partner, at 0. `around` (1, C, h, w) is part of a picture,
    `places` the rows and columns at which its patches start. Reference patches start in `inside`
    of those, in steps. The squared distances of all of them to the patches one shift away are
    one box filter of one squared difference.
    """
    rows, columns = (
        torch.arange(part.start, part.stop, grouping.stride, device=around.device)
        for part in inside
    )
    reach, side = grouping.reach, grouping.patch
    height = int(rows[-1] - rows[0]) + side
    width = int(columns[-1] - columns[0]) + side
    padded = F.pad(around, (reach,) * 4)
    top, left = int(rows[0]), int(columns[0])
    reference = around[..., top : top + height, left : left + width]
    count = 2 * reach + 1
    distances = around.new_empty(count, count, len(rows), len(columns))
    for down in range(count):
        # All shifts of a row at once: (shifts, C, height, width), a view.
        row = padded[0, :, top + down : top + down + height, left : left + width + 2 * reach]
        difference = reference - row.unfold(2, width, 1).movedim(2, 0)
        energy = difference.square_().sum(dim=1)
        distances[down] = F.avg_pool2d(energy, side, grouping.stride)
    distances[reach, reach] = -1  # the reference patch itself comes first, whatever else is equal
    offset = torch.arange(-reach, reach + 1, device=around.device)
    outside_y = _outside(rows + offset[:, None], places[0])
    outside_x = _outside(columns + offset[:, None], places[1])
    distances.masked_fill_(outside_y[:, None, :, None] | outside_x[None, :, None, :], torch.inf)
    by_shift = distances.view(count**2, -1)
    near, nearest = by_shift.T.contiguous().topk(grouping.partners, largest=False)
    shifted = (offset[:, None] * places[1] + offset).flatten()[nearest]
    start = (rows[:, None] * places[1] + columns).flatten()
    return start[:, None] + shifted, near.clamp_(min=0)


def _outside(places: Tensor, count: int) -> Tensor:
    return (places < 0) | (places >= count)
