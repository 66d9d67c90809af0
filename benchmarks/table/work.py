"""What the table holds: its points, its parts, and the shards that they are made in."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal

import torch

from nasdip_core.seeds import generator
from nasdip_core.space import Choice, SearchSpace
from nasdip_searchspaces.space.nas_dip import NasDip
from nasdip_searchspaces.space.nas_dip_cell import NasDipCell

JOINT = 256
"""Points of nas-dip that are drawn: any cell with any pattern."""
PATTERN_CELLS: tuple[dict[str, Choice], ...] = (
    {"cell.resample": "bilinear", "cell.transform": "identity", "cell.activation": "none"},
    {
        "cell.resample": "nearest",
        "cell.transform": "additive",
        "cell.kernel": 5,
        "cell.dilation": 1,
        "cell.activation": "leaky-relu",
    },
)
"""The plain cell of the deep image prior, and that of NAS-DIP's network for denoising."""
PICTURES = 4


@dataclass(frozen=True)
class Setting:
    """How small the fits are."""

    width: int
    """Channels a level at most; the networks in use have 128."""
    crop: int
    """Side of the centre of a picture; it is made smaller from there."""
    side: int
    """Pixels of the crop once it is made smaller."""
    every: int
    """Iterations between records."""
    working_resolution: int = 1
    """The network works on so many times fewer pixels a side."""
    preset: bool = False
    """Fitted by the options of the preset `balanced` of the task, and stopped by its rule."""

    @property
    def iterations(self) -> tuple[int, ...]:
        """Return after how many iterations the quality is kept."""
        return (1, *(self.every * part for part in (1, 2, 3, 4, 6, 8, 10, 12, 14, 16)))


SETTINGS = {
    "small": Setting(width=16, crop=128, side=64, every=8),
    "low": Setting(width=16, crop=128, side=32, every=8),
    # 800 iterations are those of the preset for denoising; it has less for the other tasks.
    "full": Setting(width=32, crop=256, side=256, every=50, working_resolution=2, preset=True),
}


@dataclass(frozen=True)
class Point:
    """A network of one of the two spaces."""

    space: str
    choices: dict[str, Choice]
    """Canonical."""


@dataclass(frozen=True)
class Part:
    """Some points on some pictures."""

    setting: str
    points: int | Literal["all", "plain"]
    """The first so many in the order in which all are shuffled, all, or those of `plain`."""
    pictures: tuple[int, ...]
    seeds: tuple[int, ...]
    chunk: int
    """Points a shard."""


PARTS = {
    "main": Part("small", "all", pictures=(0, 1), seeds=(0,), chunk=16),
    "seeds": Part("small", 120, pictures=(0, 1), seeds=(1, 2), chunk=8),
    "pictures": Part("small", 120, pictures=(2, 3), seeds=(0,), chunk=16),
    "plain": Part("small", "plain", pictures=(0, 1), seeds=tuple(range(1, 8)), chunk=1),
    "low": Part("low", 120, pictures=(0, 1), seeds=(0,), chunk=16),
    "full": Part("full", 40, pictures=(0, 1), seeds=(0,), chunk=1),
}
FOUR_HOURS = ("main", "seeds", "pictures", "plain", "low")
"""The parts that are made unless others are named."""


@dataclass(frozen=True)
class Shard:
    """The share of a part that is done in one go and kept in one file."""

    part: str
    number: int
    points: tuple[int, ...]
    """Places in `points()`."""

    @property
    def name(self) -> str:
        """The stem of its file."""
        return f"{self.part}-{self.number:03d}"


@cache
def spaces(width: int) -> dict[str, SearchSpace]:
    """Return the two spaces; their proxies have so many channels a level."""
    return {
        "nas-dip-cell": NasDipCell(proxy_width=width),
        "nas-dip": NasDip(proxy_width=width),
    }


@cache
def points() -> tuple[Point, ...]:
    """Return every cell, every pattern with two cells, and joint points, shuffled once for all."""
    cell, joint = spaces(16)["nas-dip-cell"], spaces(16)["nas-dip"]
    cells = every(cell)
    offsets = [d for d in joint.decisions if d.name.startswith("offset")]
    patterns = [
        joint.canonical({**chosen, **dict(zip((d.name for d in offsets), made, strict=True))})
        for chosen in PATTERN_CELLS
        for made in product(*(d.choices for d in offsets))
    ]
    draws = generator(0, "table", "joint")
    known = {tuple(pattern.values()) for pattern in patterns}
    drawn: list[dict[str, Choice]] = []
    while len(drawn) < JOINT:
        # A cell is drawn from all cells: a walk would favour the few of `transposed-conv`.
        chosen = cells[int(torch.randint(len(cells), (), generator=draws))]
        bits = torch.randint(2, (len(offsets),), generator=draws).tolist()
        pattern = {d.name: bool(bit) for d, bit in zip(offsets, bits, strict=True)}
        made = joint.canonical({**chosen, **pattern})
        if tuple(made.values()) not in known:
            known.add(tuple(made.values()))
            drawn.append(made)
    everything = [Point("nas-dip-cell", c) for c in cells]
    everything += [Point("nas-dip", c) for c in (*patterns, *drawn)]
    order = torch.randperm(len(everything), generator=generator(0, "table", "order"))
    return tuple(everything[place] for place in order.tolist())


def every(space: SearchSpace) -> list[dict[str, Choice]]:
    """Return the canonical choices of all architectures of a space, in order."""
    found: list[dict[str, Choice]] = [{}]
    for decision in space.decisions:
        found = [
            {**made, decision.name: choice}
            for made in found
            for choice in space.allowed(decision, made)
        ]
    return found


def plain() -> tuple[int, ...]:
    """Return the places of the networks that `ablate.py` begins with: same-level connections."""
    cell, joint = spaces(16)["nas-dip-cell"], spaces(16)["nas-dip"]
    level = {d.name: d.name == "offset+0" for d in joint.decisions if d.name.startswith("offset")}
    wanted = [Point("nas-dip-cell", cell.canonical(PATTERN_CELLS[0]))]
    wanted += [Point("nas-dip", joint.canonical({**one, **level})) for one in PATTERN_CELLS]
    return tuple(points().index(point) for point in wanted)


def places_of(part: str) -> tuple[int, ...]:
    """Return the places of a part's points in `points()`."""
    match PARTS[part].points:
        case "all":
            return tuple(range(len(points())))
        case "plain":
            return plain()
        case first:
            return tuple(range(first))


def shards(names: tuple[str, ...]) -> list[Shard]:
    """Return the shards of some parts in the order of work: all parts grow at the same pace."""
    placed: list[tuple[float, Shard]] = []
    for name in names:
        places, chunk = places_of(name), PARTS[name].chunk
        chunks = [places[at : at + chunk] for at in range(0, len(places), chunk)]
        placed += [
            ((number + 0.5) / len(chunks), Shard(name, number, chunk))
            for number, chunk in enumerate(chunks)
        ]
    return [shard for _, shard in sorted(placed, key=lambda pair: (pair[0], pair[1].part))]
