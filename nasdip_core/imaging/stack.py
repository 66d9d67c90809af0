"""Frames of a film, or slices of a volume, that are restored together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from nasdip_core.errors import PictureError
from nasdip_core.imaging.kinds import Samples
from nasdip_core.imaging.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stack(Picture):
    """Pictures of one size and kind; where one picture is shown, it is the middle one."""

    frames: tuple[Picture, ...]
    names: tuple[str, ...] = ()
    """Of the files, where each frame has its own; none: all lie in one file."""

    @classmethod
    def of(cls, frames: Sequence[Picture], names: Sequence[str] = ()) -> Stack:
        """Return a stack. Raises PictureError for fewer than two frames or for different ones."""
        if len(frames) < 2:
            raise PictureError(f"it has {len(frames)} frames, two are needed")
        first = frames[0]
        for number, frame in enumerate(frames, start=1):
            if (frame.colour.shape, frame.mode) != (first.colour.shape, first.mode):
                named = f"'{names[number - 1]}'" if names else f"{number}"
                raise PictureError(
                    f"frame {named} is {frame.width} x {frame.height}, {frame.mode}, "
                    f"the first is {first.width} x {first.height}, {first.mode}"
                )
        shared = of_one_range(frames)
        middle = shared[len(shared) // 2]
        notes = tuple(dict.fromkeys(note for frame in shared for note in frame.notes))
        return cls(
            colour=middle.colour,
            alpha=middle.alpha,
            kind=middle.kind,
            notes=notes,
            frames=tuple(shared),
            names=tuple(names),
        )

    @property
    def middle(self) -> Picture:
        """The frame that is shown."""
        return self.frames[len(self.frames) // 2]

    @property
    def samples(self) -> Samples:
        """The colours of all frames, (T, H, W, C)."""
        return np.stack([frame.colour for frame in self.frames])

    @property
    def is_opaque(self) -> bool:
        """Whether no pixel of any frame is transparent."""
        return all(frame.is_opaque for frame in self.frames)

    @property
    def digest(self) -> str:
        """SHA-256 of all frames."""
        return hashlib.sha256("".join(f.digest for f in self.frames).encode()).hexdigest()

    @property
    def suffix(self) -> str:
        """The suffix of the file that holds all frames; empty for a folder."""
        return "" if self.names else self.frames[0].suffix

    def tensor(self) -> Tensor:
        """Return colour as (T, C, H, W) float32 in [0, 1]."""
        import torch

        return torch.cat([frame.tensor() for frame in self.frames])

    def alpha_tensor(self) -> Tensor | None:
        """Return alpha as (T, 1, H, W) float32 in [0, 1], or None."""
        import torch

        found = [alpha for frame in self.frames if (alpha := frame.alpha_tensor()) is not None]
        return torch.cat(found) if found else None

    def with_samples(
        self,
        samples: Tensor,
        *,
        known: Tensor | None = None,
        alpha: Tensor | Literal["keep"] | None = "keep",
    ) -> Stack:
        """Return these frames with other samples (T, C, H', W'); see `Picture.with_samples`.

        `known` and `alpha` are (T, 1, H, W), or (1, 1, H, W) for all frames.
        """
        count = len(self.frames)
        if samples.shape[0] != count:
            raise ValueError(f"samples have shape {tuple(samples.shape)} for {count} frames")
        changed = [
            frame.with_samples(
                samples[i : i + 1],
                known=None if known is None else _frame(known, i),
                alpha=_frame(alpha, i)
                if not isinstance(alpha, str) and alpha is not None
                else alpha,
            )
            for i, frame in enumerate(self.frames)
        ]
        return Stack.of(_of_one_model(changed), self.names)

    def settled(self) -> Stack:
        """Return the frames in a kind that can be written."""
        return Stack.of(_of_one_model([frame.settled() for frame in self.frames]), self.names)


def _frame(marks: Tensor, number: int) -> Tensor:
    """Return (1, 1, H, W) of a frame."""
    return marks if marks.shape[0] == 1 else marks[number : number + 1]


def _of_one_model(frames: Sequence[Picture]) -> Sequence[Picture]:
    """Return settled frames of one model: where some have left a palette or 1 bit, all do."""
    wider = next((f.kind.model for f in frames if f.kind.model not in ("bilevel", "palette")), None)
    if wider is None:
        return frames
    return [replace(f, kind=replace(f.kind, model=wider, palette=None)).settled() for f in frames]


def of_one_range(frames: Sequence[Picture]) -> Sequence[Picture]:
    """Return frames that mean the same by the same sample: floats may have a range each."""
    ranges = {(frame.kind.low, frame.kind.peak) for frame in frames}
    if len(ranges) == 1:
        return frames
    low, peak = min(low for low, _ in ranges), max(peak for _, peak in ranges)
    return [replace(f, kind=replace(f.kind, low=low, peak=peak)) for f in frames]
