"""What a network is, as data: the frozen, validated `Architecture` and its parts, or a plugin."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from nasdip_core.options import Options


def _also(schema: dict[str, Any], short: str) -> None:
    """Let a JSON Schema take a short form, too: a value of that type."""
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [whole, {"type": short}]


Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...],
    Field(
        description="channels a level, finest first; one number serves all levels",
        json_schema_extra=lambda schema: _also(schema, "integer"),
    ),
]


def _name_or_options(schema: dict[str, Any], model: type) -> None:
    if model is Use:  # what is based on it is told apart by `uses`
        _also(schema, "string")


class Use(Options):
    """A plugin by name, with its options."""

    model_config = ConfigDict(json_schema_extra=_name_or_options)

    uses: str = Field(description="name of the plugin")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="options of the plugin"
    )

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"uses": value} if isinstance(value, str) else value


class Input(Options):
    """The fixed random tensor that the network maps to the picture."""

    kind: Literal["uniform", "normal", "grid"] = Field(
        default="uniform",
        description="uniform in [0, 1], standard normal, or the coordinate grid (2 channels)",
    )
    channels: int = Field(default=32, ge=1, le=4096, description="channels of the input")
    scale: float = Field(default=0.1, gt=0, description="factor on the drawn values")
    keyframes: int = Field(
        default=8,
        ge=1,
        description="of a stack: frames from one drawn input to the next, blended between them",
    )

    @model_validator(mode="after")
    def _grid_has_two_channels(self) -> "Input":
        if self.kind == "grid" and self.channels != 2:
            raise ValueError("a grid input has 2 channels")
        return self


class Encoder(Options):
    """The downward path: one block of convolutions a level, the first one with stride 2."""

    widths: Widths = (128,)
    convolutions: int = Field(default=2, ge=1, le=8, description="convolutions a level")
    kernel: Literal[1, 3, 5, 7] = Field(default=3, description="kernel size")
    stem: int = Field(
        default=0, ge=0, le=8, description="convolutions at full working size before level 1"
    )


class Decoder(Options):
    """The upward path: upsampling cell, merge, then one block of convolutions a level."""

    widths: Widths = (128,)
    convolutions: int = Field(default=1, ge=1, le=8, description="convolutions a level")
    kernel: Literal[1, 3, 5, 7] = Field(default=3, description="kernel size")
    pointwise: bool = Field(default=True, description="end each level with a 1x1 convolution")
    norm_merged: bool = Field(default=True, description="normalise the merged features first")


class Skip(Options):
    """How encoder features join the decoder."""

    merge: Literal["add", "concat"] = Field(default="concat", description="how paths join")
    widths: Widths = (4,)


def _short(name: str) -> str:
    """Return a built-in by its short name, which is always its own, so that it is known again."""
    return name.removeprefix("nasdip:")


_Op = Annotated[str, AfterValidator(_short)]


class Cell(Options):
    """One upsampling step x2 (Chen et al., "NAS-DIP", 2020)."""

    resample: _Op = Field(default="bilinear", description="upsampling plugin")
    transform: _Op = Field(default="identity", description="transform plugin")
    kernel: Literal[1, 3, 5, 7] = Field(default=3, description="kernel size of the learnt ops")
    dilation: Literal[1, 2, 3] = Field(default=1, description="dilation of the learnt ops")
    activation: _Op = Field(default="none", description="activation after each of the two steps")
    order: Literal["resample-first", "transform-first"] = Field(
        default="resample-first", description="which of the two steps comes first"
    )


class Head(Options):
    """From the finest decoder level to the picture."""

    width: int = Field(default=8, ge=1, le=4096, description="channels of the head")
    convolutions: int = Field(default=1, ge=1, le=8, description="convolutions at picture size")
    kernel: Literal[1, 3, 5, 7] = Field(default=3, description="kernel size")


class Architecture(Options):
    """A U-Net as data. Builds with `nasdip_core.architecture.assemble`; reads and writes YAML."""

    levels: int = Field(default=5, ge=1, le=8, description="number of x2 steps")
    working_resolution: Literal[1, 2, 4] = Field(
        default=1, description="divisor of the picture's size at which the U-Net works"
    )
    input: Input = Field(default_factory=Input)
    encoder: Encoder | None = Field(
        default_factory=Encoder, description="downward path; none for a decoder alone"
    )
    decoder: Decoder = Field(default_factory=Decoder)
    skip: Skip = Field(default_factory=Skip)
    cell: Cell = Field(default_factory=Cell)
    residual: Use = Field(
        default_factory=lambda: Use(uses="same-level"), description="pattern of connections"
    )
    norm: Literal["batch", "instance", "none"] = Field(
        default="batch", description="normalisation after each convolution"
    )
    activation: str = Field(default="leaky-relu", description="activation plugin")
    block: Literal["conv-norm-act", "conv-act-norm"] = Field(
        default="conv-norm-act", description="order within a block"
    )
    padding: Literal["reflect", "zeros", "replicate"] = Field(
        default="reflect", description="padding of the convolutions outside the cell"
    )
    bias: bool = Field(default=True, description="biases in the convolutions outside the cell")
    head: Head | None = Field(
        default=None, description="extra layers at picture size; needed below full resolution"
    )
    output: Literal["sigmoid", "linear"] = Field(default="sigmoid", description="last function")
    temporal_shift: float = Field(
        default=0.125,
        ge=0,
        le=0.5,
        description="of a stack: share of a block's channels that come from the frame before, and "
        "as many from the one after; 0: every frame for itself",
    )

    @model_validator(mode="before")
    @classmethod
    def _spread_widths(cls, value: Any) -> Any:
        """Turn one width into one a level."""
        if not isinstance(value, dict):
            return value
        value = dict(value)
        levels = value.get("levels", 5)
        for part, default in (("encoder", 128), ("decoder", 128), ("skip", 4)):
            options = value.get(part, {})
            if part == "encoder" and part in value and options is None:
                continue
            if isinstance(options, Options):
                options = options.model_dump(exclude_unset=True)
            if isinstance(options, dict) and isinstance(levels, int):
                widths = options.get("widths", default)
                if isinstance(widths, int) and not isinstance(widths, bool):
                    widths = [widths] * levels
                value[part] = {**options, "widths": widths}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Architecture":
        for part in ("encoder", "decoder", "skip"):
            options = getattr(self, part)
            if options is not None and len(options.widths) != self.levels:
                raise ValueError(
                    f"{part}.widths has {len(options.widths)} entries for {self.levels} levels"
                )
        if self.encoder is None and _short(self.residual.uses) != "none":
            raise ValueError(
                "without an encoder there is nothing to connect: residual must be none"
            )
        if self.working_resolution > 1 and self.head is None:
            raise ValueError("a working resolution below full needs a head")
        return self


class PluginNetwork(Use):
    """A network that is no U-Net: a `network` plugin by name, with its options."""

    input: Input = Field(default_factory=lambda: Input(kind="grid", channels=2, scale=1.0))


def _form(value: Any) -> str:
    plugin = isinstance(value, PluginNetwork) or (isinstance(value, Mapping) and "uses" in value)
    return "form-plugin" if plugin else "form-unet"


NetworkSpecification = Annotated[
    Annotated[Architecture, Tag("form-unet")] | Annotated[PluginNetwork, Tag("form-plugin")],
    Discriminator(_form),
]
"""A U-Net, or what a plugin makes: told apart by the key `uses`."""
