"""Which measurements to keep back: they should be as hard to tell as what is missing."""

import torch
from torch import Tensor

_THIN = 1.3
"""Mean distance in pixels from a missing one to a known one, up to which pixels are scattered."""
_TRIES = 300


def kept_back(
    known: Tensor, count: int, generator: torch.Generator, *, free: Tensor | None = None
) -> Tensor:
    """Return (B, 1, h, w) bool: `count` of the known pixels, drawn without replacement.

    `free`: those of them that may be kept back; None: all.

    Where strokes or holes are missing, pieces of their shapes are laid over what is known: single
    pixels among known ones would say nothing of how a hole is filled. Else, and where the shapes
    find no room, single pixels are drawn. Of several frames each gives its share.
    """
    free = known if free is None else free
    totals = free.sum(dim=(1, 2, 3)).cumsum(0).tolist()
    shares = [round(count * total / totals[-1]) for total in totals]
    counts = [share - before for share, before in zip(shares, [0, *shares], strict=False)]
    frames = zip(known[:, 0].cpu(), free[:, 0].cpu(), counts, strict=True)
    found = [_of_frame(frame, where, share, generator) for frame, where, share in frames]
    return torch.stack(found)[:, None].to(known.device)


def _of_frame(known: Tensor, free: Tensor, count: int, generator: torch.Generator) -> Tensor:
    found = torch.zeros_like(free)
    if _thickness(known) > _THIN:
        found = _shapes(known, free, count, generator)
    left = (free & ~found).flatten().nonzero().flatten()
    lacking = count - int(found.sum())
    order = torch.randperm(len(left), generator=generator)[:lacking]
    found.view(-1)[left[order]] = True
    return found


def _thickness(known: Tensor) -> float:
    """Return the mean distance of missing pixels to the nearest known one; 0: none is missing."""
    if bool(known.all()):
        return 0.0
    from scipy.ndimage import distance_transform_edt

    distance = torch.from_numpy(distance_transform_edt(~known.numpy()))
    return float(distance[~known].mean())


def _shapes(known: Tensor, free: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return up to `count` free pixels under missing regions that are moved to other places."""
    from scipy.ndimage import find_objects, label

    labels, _ = label(~known.numpy())
    pieces = [
        torch.from_numpy(labels[box] == number)
        for number, box in enumerate(find_objects(labels), start=1)
    ]
    sizes = torch.tensor([float(piece.sum()) for piece in pieces])
    found = torch.zeros_like(known)
    for _ in range(_TRIES):
        lacking = count - int(found.sum())
        if lacking <= 0:
            break
        chosen = pieces[int(torch.multinomial(sizes, 1, generator=generator))]
        piece = _part(chosen, lacking, generator)
        top, left = (
            int(torch.randint(room - side + 1, (), generator=generator))
            for room, side in zip(known.shape, piece.shape, strict=True)
        )
        place = (slice(top, top + piece.shape[0]), slice(left, left + piece.shape[1]))
        under = piece & free[place] & ~found[place]
        # A piece that lies half on what is missing anyway would make the hole there wider.
        if 0 < int(under.sum()) <= lacking and int(under.sum()) >= 0.9 * int(piece.sum()):
            found[place] |= under
    return found


def _part(piece: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return a window of a region that holds at most `most` of its pixels: all of a small one.

    The longer side is cut, so that a stroke keeps its width.
    """
    height, width = piece.shape
    while int(piece.sum()) > most:
        if height > width:
            height = int(0.8 * height)
        else:
            width = int(0.8 * width)
        top, left = (
            int(torch.randint(room - side + 1, (), generator=generator))
            for room, side in zip(piece.shape, (height, width), strict=True)
        )
        piece = piece[top : top + height, left : left + width]
    return piece
