"""The decisions of the upsampling cell, and which of them go together (torch-free)."""

from collections.abc import Sequence

from nasdip_core.architecture.specification import Cell
from nasdip_core.space import Choice, Choices, Decision

INTERPOLATIONS = ("bilinear", "bicubic", "nearest")
"""Resamplings that learn nothing and keep the channels."""


def cell_decisions(
    resample: tuple[str, ...],
    transform: tuple[str, ...],
    kernel: tuple[int, ...],
    dilation: tuple[int, ...],
    activation: tuple[str, ...],
) -> tuple[Decision, ...]:
    """Return one decision for each field of a cell, named `cell.FIELD`.

    Kernel 3 and dilation 1 have to be among the choices.
    """
    return (
        Decision("cell.resample", resample),
        Decision("cell.transform", transform),
        Decision("cell.kernel", kernel),
        Decision("cell.dilation", dilation),
        Decision("cell.activation", activation),
        Decision("cell.order", ("resample-first", "transform-first")),
    )


NAS_DIP_CELL = cell_decisions(
    resample=(*INTERPOLATIONS, "depth-to-space", "transposed-conv"),
    transform=("conv", "transposed-conv", "additive", "separable", "depth-wise", "identity"),
    kernel=(1, 3, 5, 7),
    dilation=(1, 2, 3),
    activation=("none", "relu", "leaky-relu", "selu", "prelu"),
)
"""Those of NAS-DIP (Chen et al., ECCV 2020)."""


def cell_allowed(decision: Decision, made: Choices) -> Sequence[Choice]:
    """Return the open choices of a decision of the cell; of another decision all.

    A `transposed-conv` that ends the cell without an activation is `conv`: all that tells them
    apart is a bias, which the normalisation of the merged features takes out again.
    """
    resample, transform = made.get("cell.resample"), made.get("cell.transform")
    interpolated = resample in INTERPOLATIONS
    learns = not (interpolated and transform == "identity")
    fits: set[Choice] = set(decision.choices)
    match decision.name:
        case "cell.transform" if resample == "transposed-conv":
            fits = {"identity"}  # it stands alone, as in the released code
        case "cell.transform" if resample == "depth-to-space":
            # Neither makes all channels of a quarter of them, or four times as many of all.
            fits -= {"depth-wise", "identity"}
        case "cell.kernel" if not learns:
            fits = {3}
        case "cell.dilation" if not learns or made["cell.kernel"] == 1:
            fits = {1}
        case "cell.activation" if interpolated and transform == "transposed-conv":
            fits -= {"none"}
        case "cell.order" if resample != "depth-to-space":
            fits = {"resample-first"}
        case "cell.order" if transform == "transposed-conv" and made["cell.activation"] == "none":
            fits = {"transform-first"}
    return [choice for choice in decision.choices if choice in fits]


def decode_cell(choices: Choices) -> Cell:
    """Return the cell of canonical choices."""
    return Cell.model_validate({field: choices[f"cell.{field}"] for field in Cell.model_fields})


def encode_cell(cell: Cell) -> dict[str, Choice]:
    """Return the choices of a cell."""
    return {f"cell.{field}": choice for field, choice in plain_cell(cell).model_dump().items()}


def plain_cell(cell: Cell) -> Cell:
    """Return the same cell with the fields that change nothing at their defaults."""
    plain: dict[str, Choice] = {}
    if cell.transform == "identity":
        plain["order"] = "resample-first"
        if cell.resample in INTERPOLATIONS:
            plain |= {"kernel": 3, "dilation": 1}
    if cell.kernel == 1:
        plain["dilation"] = 1
    return cell.model_copy(update=plain)
