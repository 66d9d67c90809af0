"""A space of small networks: what the hand-made presets are made of, and what is as cheap."""

from collections.abc import Sequence
from math import prod

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, Decision, InfeasibleError, SearchSpace
from nasdip_searchspaces.residual import offsets
from nasdip_searchspaces.space.cell import (
    INTERPOLATIONS,
    cell_allowed,
    cell_decisions,
    decode_cell,
    encode_cell,
)
from nasdip_searchspaces.space.counting import count
from nasdip_searchspaces.space.offsets import decode_offsets, encode_offsets, offset_decisions
from nasdip_searchspaces.space.pattern import Matrix, matrix_of, use_of
from nasdip_searchspaces.space.sameness import point_of

OFFSETS = (-1, 1)
"""Level offsets beside 0, which every level that is joined at all has.

No chains of cells: the second one would be made for another number of channels.
"""
ADDED = 4
"""The skip width that stands for a connection where features are added and none is needed."""

CONNECTIONS = (
    Decision("levels", (3, 4, 5, 6)),
    Decision("skip.merge", ("none", "concat", "add")),
    # Level 1 is apart: it is the dearest, and through it noise gets into the picture.
    Decision("skip.finest", (0, 4, 8, 16)),
    Decision("skip.coarser", (0, 4, 8, 16)),
    *offset_decisions(OFFSETS),
)
INPUT = (
    Decision("input.kind", ("uniform", "normal", "grid")),
    Decision("input.channels", (2, 8, 16, 32)),
)
BODY = (
    Decision("working_resolution", (1, 2, 4)),
    # Multiples of 16: a cell divides channels by four, and the quarter by four again.
    Decision("width", (16, 32, 48, 64)),
    Decision("growth", (0, 16, 32)),
    # For one picture at a time `instance` would be the same as `batch`.
    Decision("norm", ("batch", "none")),
    # After `relu` nothing is negative, and an interpolated cell's activation would do nothing.
    Decision("activation", ("silu", "leaky-relu", "selu")),
    Decision("head.width", (8, 16, 32)),
    Decision("head.convolutions", (1, 2)),
)
CELL = cell_decisions(
    resample=(*INTERPOLATIONS, "depth-to-space"),
    transform=("identity", "depth-wise", "separable", "additive"),
    kernel=(3, 5),
    dilation=(1, 2),
    activation=("none", "leaky-relu", "silu"),
)


class Compact(SearchSpace):
    """Networks of 16 to 224 channels a level, at full, half or a quarter of the picture's size.

    Level l has width + growth (l - 1) channels, encoder and decoder alike. The networks of the
    presets are points of it.
    """

    def __init__(self) -> None:
        self.decisions = (*CONNECTIONS, *INPUT, *BODY, *CELL)
        self.size = prod(
            (
                count(CONNECTIONS, self.allowed),
                count(INPUT, self.allowed),
                count(CELL, self.allowed),
                *(len(decision.choices) for decision in BODY),
            )
        )

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the open choices, see docs/search-spaces.md."""
        match decision.name:
            case "skip.finest" | "skip.coarser":
                return _skip_widths(decision, made)
            case "input.channels":
                grid = made["input.kind"] == "grid"
                return [channels for channels in decision.choices if (channels == 2) == grid]
            case name if name.startswith("offset"):
                # An offset that leads nowhere is not chosen.
                return decision.choices if _reaches(name, made) else (False,)
        return cell_allowed(decision, made)

    def decode(self, choices: Choices) -> Architecture:
        """Return the network."""
        joined = _joined(choices)
        levels = len(joined)
        width, growth = int(choices["width"]), int(choices["growth"])
        widths = [width + growth * level for level in range(levels)]
        shared = offsets.pattern(levels, [0, *decode_offsets(OFFSETS, choices)])
        pattern: Matrix = [
            [connected and here for connected in row]
            for row, here in zip(shared, joined, strict=True)
        ]
        finest, coarser = (choices[f"skip.{which}"] or ADDED for which in ("finest", "coarser"))
        merge = choices["skip.merge"]
        return Architecture.model_validate(
            {
                "levels": levels,
                "working_resolution": choices["working_resolution"],
                "input": {
                    "kind": choices["input.kind"],
                    "channels": choices["input.channels"],
                    "scale": 1.0,
                },
                "encoder": {"widths": widths, "convolutions": 1, "stem": 1},
                "decoder": {
                    "widths": widths,
                    "convolutions": 1,
                    "pointwise": False,
                    "norm_merged": False,
                },
                "skip": {
                    "merge": "concat" if merge == "none" else merge,
                    "widths": [finest, *[coarser] * (levels - 1)],
                },
                "cell": decode_cell(choices),
                "residual": use_of(pattern),
                "norm": choices["norm"],
                "activation": choices["activation"],
                "padding": "zeros",
                # A normalisation brings its own.
                "bias": choices["norm"] == "none",
                "head": {
                    "width": choices["head.width"],
                    "convolutions": choices["head.convolutions"],
                },
            }
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network. Raises InfeasibleError where it is no point."""
        if architecture.head is None:
            raise InfeasibleError("architecture.head = None is not in the space")
        matrix = matrix_of(architecture.residual, architecture.levels)
        joined = [any(row) for row in matrix]
        merge = architecture.skip.merge if any(joined) else "none"
        skips = [
            (ADDED if merge == "add" else width) if here else 0
            for width, here in zip(architecture.skip.widths, joined, strict=True)
        ]
        width, second = (architecture.decoder.widths * 2)[:2]
        choices: dict[str, Choice] = {
            "levels": architecture.levels,
            "skip.merge": merge,
            "skip.finest": skips[0],
            "skip.coarser": skips[-1],
            "input.kind": architecture.input.kind,
            "input.channels": architecture.input.channels,
            "working_resolution": architecture.working_resolution,
            "width": width,
            "growth": second - width,
            "norm": architecture.norm,
            "activation": architecture.activation,
            "head.width": architecture.head.width,
            "head.convolutions": architecture.head.convolutions,
            **encode_offsets(OFFSETS, matrix),
            **encode_cell(architecture.cell),
        }
        return point_of(self, choices, architecture)


def _skip_widths(decision: Decision, made: Choices) -> Sequence[Choice]:
    """Return the open skip widths: 0 for no connection; some level has one unless merge is none."""
    if made["skip.merge"] == "none":
        return (0,)
    widths = (0, ADDED) if made["skip.merge"] == "add" else decision.choices
    nothing = decision.name == "skip.coarser" and not made["skip.finest"]
    return [width for width in widths if width or not nothing]


def _joined(made: Choices) -> list[bool]:
    """Return which levels anything joins, finest first."""
    coarser = int(made["levels"]) - 1
    return [bool(made["skip.finest"]), *[bool(made["skip.coarser"])] * coarser]


def _reaches(name: str, made: Choices) -> bool:
    """Return whether a level that is joined has a source as far from it as an offset says."""
    joined, offset = _joined(made), int(name.removeprefix("offset"))
    return any(here and 0 <= level + offset < len(joined) for level, here in enumerate(joined))
