"""The pictures that a translation is learnt from."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.samples import PREFIX as SAMPLE

_MEMORY = 2**30
"""Bytes of samples that a domain keeps in memory; what is beyond is read again."""


class Domain:
    """Pictures of one look, as 8-bit RGB of a given shorter side."""

    def __init__(
        self, paths: Sequence[str | Path], side: int | None, half: int | None = None
    ) -> None:
        """Read every picture once: a damaged one is told before anything is learnt.

        `half` 0 or 1: the left or right half of each picture is one.
        """
        self.paths = list(paths)
        self._side = side
        self._half = half
        self._kept: dict[int, Tensor] = {}
        self._bytes = 0
        for index in range(len(self)):
            self.picture(index)

    def __len__(self) -> int:
        return len(self.paths)

    def smaller(self, side: int) -> int:
        """Return how many pictures have a side below this."""
        return sum(min(self.picture(i).shape[-2:]) < side for i in range(len(self)))

    @classmethod
    def alone(cls, picture: Tensor, side: int | None) -> "Domain":
        """Return the domain of one picture (1, C, H, W) in [0, 1]."""
        domain = cls([], side)
        domain.paths = ["the picture"]
        domain._kept[0] = (resized(as_rgb(picture), side) * 255).round().byte()
        return domain

    def picture(self, index: int) -> Tensor:
        """Return one picture (1, 3, H, W) in [0, 1]."""
        picture = self._kept.get(index)
        if picture is None:
            path = self.paths[index]
            try:
                colour = as_rgb(read_picture(path).tensor())
                if self._half is not None:
                    colour = halves(colour)[self._half]
            except PictureError as error:
                named = error.what if str(path) in error.what else f"'{path}': {error.what}"
                raise PictureError(named, error.hint) from None
            picture = (resized(colour, self._side) * 255).round().byte()
            if self._bytes + picture.nbytes <= _MEMORY:
                self._bytes += picture.nbytes
                self._kept[index] = picture
        return picture.float() / 255


def domain(source: str, side: int | None) -> Domain:
    """Return the pictures of a folder, or a single one.

    Raises PictureError where a folder holds none, or one alone, or one cannot be read.
    """
    return Domain(_paths(source), side)


def by_names(source: str, target: str, side: int | None) -> tuple[Domain, Domain]:
    """Return the pictures of two folders that have the same names.

    Raises PictureError where a name is in one folder only or twice in one, or a folder is none.
    """
    for folder in (source, target):
        if not Path(folder).is_dir():
            raise PictureError(f"'{folder}' is no folder", "pairs=names is for two folders")
    names = [_by_stem(pictures_in(Path(folder))) for folder in (source, target)]
    alone = sorted(names[0].keys() ^ names[1].keys())
    if alone:
        where = source if alone[0] in names[0] else target
        raise PictureError(
            f"{len(alone)} pictures have no partner of the same name, as '{alone[0]}' in '{where}'"
        )
    ordered = [
        Domain(_several([named[name] for name in sorted(named)], source), side) for named in names
    ]
    for i in range(len(ordered[0])):
        one, other = (tuple(domain.picture(i).shape[-2:]) for domain in ordered)
        if one != other:
            raise PictureError(
                f"'{ordered[0].paths[i]}' is {one[1]} x {one[0]} and its partner "
                f"'{ordered[1].paths[i]}' {other[1]} x {other[0]}",
                "pairs must have the same size",
            )
    return ordered[0], ordered[1]


def _by_stem(paths: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        same = found.setdefault(path.stem, path)
        if same is not path:
            raise PictureError(
                f"'{same}' and '{path}' have the same name", "pairs=names needs one picture a name"
            )
    return found


def side_by_side(source: str, side: int | None, *, back: bool) -> tuple[Domain, Domain]:
    """Return the halves of pictures that each hold a pair, those that are translated first.

    Raises PictureError where a picture has no halves.
    """
    left, right = (Domain(_paths(source), side, half) for half in (0, 1))
    return (right, left) if back else (left, right)


def _paths(source: str) -> Sequence[str | Path]:
    """Return the pictures of a folder, or the single one that is named."""
    if not source.startswith(SAMPLE) and Path(source).is_dir():
        return _several(pictures_in(Path(source)), source)
    return [source]


def _several(pictures: Sequence[Path], folder: str) -> Sequence[Path]:
    if len(pictures) < 2:
        raise PictureError(
            f"the folder '{folder}' holds {'one' if pictures else 'no'} picture",
            "name several to learn from; to learn from one picture, name the picture",
        )
    return pictures


def halves(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return the left and right half of (1, C, H, W). Raises PictureError for an odd width."""
    width = int(picture.shape[-1])
    if width % 2:
        raise PictureError(f"it is {width} pixels wide", "pairs side by side are of even width")
    left, right = picture.chunk(2, dim=-1)
    return left, right


def as_rgb(picture: Tensor) -> Tensor:
    """Return (1, 3, H, W) of a grey or RGB picture. Raises PictureError for other kinds."""
    channels = int(picture.shape[1])
    if channels not in (1, 3):
        raise PictureError(f"a picture of {channels} channels", "translate takes grey or RGB")
    return picture.expand(-1, 3, -1, -1)


def resized(picture: Tensor, side: int | None) -> Tensor:
    """Return a picture (1, C, H, W) whose shorter side is `side`; None leaves it."""
    shorter = min(picture.shape[-2:])
    if side is None or shorter == side:
        return picture
    size = [max(1, round(n * side / shorter)) for n in picture.shape[-2:]]
    return F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False).clamp(
        0, 1
    )


def square(pictures: Sequence[Tensor], side: int, draws: torch.Generator) -> list[Tensor]:
    """Return the same random square, mirrored or not, of pictures (1, C, H, W) of one size.

    A picture that is smaller than the square is mirrored at its border as often as it takes.
    """
    height, width = (int(n) for n in pictures[0].shape[-2:])
    top, left, flip = (
        int(torch.randint(n, (), generator=draws, device=draws.device))
        for n in (max(1, height - side + 1), max(1, width - side + 1), 2)
    )
    rows, columns = (
        _mirrored(start, side, length) for start, length in ((top, height), (left, width))
    )
    cut = [picture[..., rows, :][..., columns] for picture in pictures]
    return [part.flip(-1) if flip else part for part in cut]


def _mirrored(start: int, count: int, length: int) -> Tensor:
    """Return `count` places from `start`, mirrored at the ends of a line of `length` samples."""
    places = torch.arange(start, start + count) % (2 * length)
    return torch.where(places < length, places, 2 * length - 1 - places)
