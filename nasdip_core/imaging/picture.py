"""A picture as a file holds it, and its walk to and from tensors of range [0, 1]."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from nasdip_core.errors import RunError
from nasdip_core.imaging.kinds import SUFFIXES, Kind, Samples, mode_name
from nasdip_core.imaging.settle import settle

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Samples as stored, never rescaled, with what is needed to write the same kind back."""

    colour: Samples
    """(H, W, C), uint8, uint16 or float32; C = 1 grey, 3 RGB, 4 CMYK, or more."""
    alpha: Samples | None
    """(H, W) of the same type, or None where the picture is opaque."""
    kind: Kind
    notes: tuple[str, ...] = ()
    """What could not be kept, one sentence each."""

    def __post_init__(self) -> None:
        """Hold the shapes and types that every reader relies on."""
        if self.colour.ndim != 3 or self.colour.size == 0:
            raise ValueError(f"colour has shape {self.colour.shape}; it must be (H, W, C)")
        if self.alpha is not None and (
            self.alpha.shape != self.colour.shape[:2] or self.alpha.dtype != self.colour.dtype
        ):
            raise ValueError("alpha must have the height, width and type of colour")

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.colour.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.colour.shape[1])

    @property
    def channels(self) -> int:
        """Colour channels, alpha apart."""
        return int(self.colour.shape[2])

    @property
    def peak(self) -> float:
        """The sample that stands for 1: 255, 65535, or the top of a float picture's range."""
        return self.kind.peak

    @property
    def is_opaque(self) -> bool:
        """Whether no pixel is transparent."""
        return self.alpha is None or bool((self.alpha >= _alpha_peak(self.alpha)).all())

    @property
    def mode(self) -> str:
        """Pillow's letters with `;16` or `;F` for depth: 1, L, LA, P, RGB, RGBA;16, N;F ..."""
        return mode_name(self.kind.model, self.colour.dtype, self.alpha is not None)

    @property
    def digest(self) -> str:
        """SHA-256 of the samples, their types and shapes: what tells it apart from another."""
        found = hashlib.sha256()
        for samples in [self.colour] if self.alpha is None else [self.colour, self.alpha]:
            found.update(f"{samples.dtype} {samples.shape} ".encode())
            found.update(np.ascontiguousarray(samples).data)
        return found.hexdigest()

    @property
    def suffix(self) -> str:
        """The file suffix of this picture's format, with its dot."""
        return next(suffix for suffix, name in SUFFIXES.items() if name == self.kind.format)

    def tensor(self) -> Tensor:
        """Return colour as (1, C, H, W) float32 in [0, 1]: (sample - low) / (peak - low)."""
        return _to_tensor(self.colour, self.kind.low, self.kind.peak)

    def alpha_tensor(self) -> Tensor | None:
        """Return alpha as (1, 1, H, W) float32 in [0, 1], or None."""
        if self.alpha is None:
            return None
        return _to_tensor(self.alpha[..., None], 0.0, _alpha_peak(self.alpha))

    def with_samples(
        self,
        samples: Tensor,
        *,
        known: Tensor | None = None,
        alpha: Tensor | Literal["keep"] | None = "keep",
    ) -> Picture:
        """Return this picture with other samples, quantised to its depth: clip, round half even.

        `samples` is (1, C, H', W') in [0, 1]. Where `known` (1, 1, H, W) is true, the stored
        samples are copied bit for bit; the size must then be this picture's. `alpha` is a tensor
        (1, 1, H', W') in [0, 1], "keep" (resized bicubically where the size changes), or None for
        an opaque result. Raises ValueError for shapes that do not fit, RunError for samples that
        are not numbers.
        """
        if samples.ndim != 4 or samples.shape[:2] != (1, self.channels):
            raise ValueError(
                f"samples have shape {tuple(samples.shape)}; (1, {self.channels}, H, W) is needed"
            )
        size = (int(samples.shape[2]), int(samples.shape[3]))
        colour = _quantised(samples, self.colour.dtype, self.kind.low, self.kind.peak)
        if known is not None:
            own = (1, 1, self.height, self.width)
            if tuple(known.shape) != own or size != own[2:]:
                raise ValueError(
                    f"known has shape {tuple(known.shape)} and samples are {size[0]}x{size[1]}; "
                    f"both must be {self.height}x{self.width}"
                )
            mask = known[0, 0].detach().bool().cpu().numpy()
            colour[mask] = self.colour[mask]
        # Other samples are no longer those that the file has coded.
        kind = replace(self.kind, coding=None)
        return replace(self, colour=colour, alpha=self._alpha_for(alpha, size), kind=kind).settled()

    def in_colour(self) -> Picture:
        """Return a grey picture as RGB of its depth and opacity; any other as it is."""
        if self.channels != 1:
            return self
        note = "a colour profile of greys does not fit RGB: it is left out"
        return replace(
            self,
            colour=np.repeat(self.colour, 3, axis=2),
            kind=replace(self.kind, model="rgb", icc=None),
            notes=self.notes if self.kind.icc is None else (*self.notes, note),
        )

    def settled(self) -> Picture:
        """Return this picture in a kind that can be written: its own, or the nearest that fits."""
        kind, notes = settle(self.kind, self.colour, self.alpha)
        return replace(self, kind=kind, notes=(*self.notes, *notes))

    def _alpha_for(
        self, alpha: Tensor | Literal["keep"] | None, size: tuple[int, int]
    ) -> Samples | None:
        """Return the stored alpha of a result of this size."""
        if alpha is None:
            return None
        peak = _alpha_peak(self.colour)
        if not isinstance(alpha, str):
            if tuple(alpha.shape) != (1, 1, *size):
                raise ValueError(
                    f"alpha has shape {tuple(alpha.shape)}; (1, 1, {size[0]}, {size[1]}) is needed"
                )
            return _quantised(alpha, self.colour.dtype, 0.0, peak)[..., 0]
        if self.alpha is None or self.alpha.shape == size:
            return self.alpha
        from torch.nn import functional as F

        resized = F.interpolate(
            _to_tensor(self.alpha[..., None], 0.0, peak), size, mode="bicubic", antialias=True
        )
        return _quantised(resized, self.colour.dtype, 0.0, peak)[..., 0]


def _alpha_peak(samples: Samples) -> float:
    """Return the sample that means opaque: the largest integer, or 1.0."""
    return float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "u" else 1.0


def _to_tensor(samples: Samples, low: float, peak: float) -> Tensor:
    """Map (H, W, C) samples of [low, peak] to a (1, C, H, W) float32 tensor of [0, 1]."""
    import torch

    # A wide range of floats loses digits, or overflows, in single precision.
    wide = samples.dtype.kind == "f" and (low, peak) != (0.0, 1.0)
    planes: Samples = np.moveaxis(samples, -1, 0)[None].astype(np.float64 if wide else np.float32)
    return torch.from_numpy(np.ascontiguousarray((planes - low) / (peak - low))).float()


def _quantised(samples: Tensor, dtype: np.dtype[np.generic], low: float, peak: float) -> Samples:
    """Map a (1, C, H, W) tensor of [0, 1] to (H, W, C) samples of [low, peak]."""
    values = samples.detach().cpu()
    if not bool(values.isfinite().all()):
        raise RunError("the result holds samples that are not numbers", "lower the learning rate")
    values = (values.double() if dtype.kind == "f" else values.float()).clamp(0, 1)
    # In place from here: a large picture has no room for a copy a step.
    values = values.mul_(peak - low).add_(low)
    if dtype.kind == "u":
        values = values.round_()
    return np.ascontiguousarray(np.moveaxis(values[0].numpy(), 0, -1).astype(dtype))
