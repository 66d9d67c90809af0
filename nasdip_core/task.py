"""The contract of `task` plugins: from a damaged picture to a problem (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import Field

from nasdip_core.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from nasdip_core.architecture.named import NamedArchitecture
    from nasdip_core.imaging.kinds import Coding, Samples
    from nasdip_core.plugins import Plugins
    from nasdip_core.problem import Problem


class TaskOptions(Options):
    """Base of a task's options (`task.*`), with what can be told of the task without torch."""

    architecture: ClassVar[str]
    """Name of the architecture that is used where none is asked for."""
    Corruption: ClassVar[type[Options]]
    """Options of the task's own damage to clean pictures (`corrupt.*`)."""
    outputs: ClassVar[Sequence[str]] = ("restored",)
    """Names of the pictures that it makes, the result first."""
    takes_mask: ClassVar[bool] = False
    """Whether a mask picture means something to the task."""
    takes_arrays: ClassVar[bool] = False
    """Whether its source may have gaps (NaN), be a folder of frames, and have a mask by entry."""
    in_colour: ClassVar[bool] = False
    """Whether its result is RGB, also of a grey picture."""
    takes_recipe: ClassVar[bool] = True
    """Whether it is about one restored picture, whose fits can be averaged and refined: its problem
    is a RestorationProblem."""
    demonstration: ClassVar[Mapping[str, Any]]
    """What `nasdip run --task NAME` without a picture does: `picture` and `corrupt`."""

    @property
    def writes(self) -> Sequence[str]:
        """Names of the outputs that a run with these options may write."""
        return self.outputs

    @property
    def stacked(self) -> bool:
        """Whether the picture is a stack of frames, restored together."""
        return self.stacks(dict(self))

    @classmethod
    def stacks(cls, given: Mapping[str, Any]) -> bool:
        """Return whether the options that are asked for make a folder one stack of frames."""
        return False

    @classmethod
    def from_folder(
        cls, folder: "Path", given: Mapping[str, Any]
    ) -> "tuple[Path, Mapping[str, Any]] | None":
        """Return the picture that a folder stands for, and the options that follow from it.

        `given` are the options that are asked for. None: every picture of a folder is a run of
        its own, as those of a folder of clean pictures always are.
        """
        return None

    def unknown_samples(
        self, samples: "Samples", mask: "Samples | None"
    ) -> "NDArray[np.bool_] | None":
        """Return which stored samples (H, W, C) mean nothing; None: these options tell of none.

        `mask` is (H, W, 1), or (H, W, C) for an array, in [0, 1]. Asked of floats, whose range is
        that of the other samples.
        """
        return None

    def network(self) -> "NamedArchitecture | None":
        """Return the network that the options bring, such as a trained one; None: none."""
        return None

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the options that follow from a damage, where the user says nothing else."""
        return {}

    @classmethod
    def from_damage(cls, corruption: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return those of the implied options that go with the ones that are asked for."""
        return cls.implied(corruption)


class StackOptions(TaskOptions):
    """Base of the options of tasks that also restore films and volumes."""

    stack: bool = Field(
        default=False,
        strict=True,
        description="the files of the folder, the pages of the TIFF or (T, H, W[, C]) of the array "
        "are frames of a film or slices of a volume, restored together",
    )

    @classmethod
    def stacks(cls, given: Mapping[str, Any]) -> bool:
        """Return whether the options that are asked for make a folder one stack of frames."""
        return given.get("stack") is True


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a task is given."""

    picture: "Tensor"
    """(1, C, H, W) in [0, 1]; of a stack (T, C, H, W)."""
    alpha: "Tensor | None" = None
    """(1, 1, H, W) in [0, 1]; of a stack (T, 1, H, W)."""
    premultiplied: bool = False
    """Whether the colour of the picture is stored multiplied by alpha."""
    mask: "Tensor | None" = None
    """(1, 1, H, W) in [0, 1]: the mask picture as grey; of arrays (1, C, H, W), of a stack
    (T, 1, H, W) or (1, 1, H, W) for all of its frames."""
    truth: "Tensor | None" = None
    """(1, C, H, W) in [0, 1]: for measures only; of a stack (T, C, H, W)."""
    damaged: bool = False
    """Whether a clean picture was damaged here, which has made the mask."""
    measured: "Tensor | None" = None
    """(1, c, h, w): what was measured, where that is no picture."""
    guide: "Tensor | None" = None
    """(N, C, H, W) in [0, 1]: further pictures of the same scene or mark, where the damage made
    some."""
    inks: bool = False
    """Whether samples are amounts of ink (CMYK), the more the darker."""
    coding: "Coding | None" = None
    """How the picture's file codes it, for a JPEG."""
    levels: int | None = 255
    """The integer sample of value 1; None for a picture of floats."""
    zero: float = 0.0
    """Where in [0, 1] the value 0 lies; above 0 where floats are negative."""
    span: float = 1.0
    """How much in the values of a picture of floats 1 stands for."""

    @property
    def range(self) -> tuple[float, float]:
        """The samples of floats that stand for 0 and 1; (0, 1) for integers."""
        low = 0.0 - self.zero * self.span
        return low, low + self.span


@dataclass(frozen=True, slots=True)
class Damaged:
    """A clean picture after the task's own damage."""

    picture: "Tensor"
    """(1, C, h, w) in [0, 1]."""
    truth: "Tensor"
    """(1, C, H, W): the clean picture, cropped where the damage needs it."""
    mask: "Tensor | None" = None
    """(1, 1, h, w) bool, True = missing; of arrays (1, C, h, w)."""
    measured: "Tensor | None" = None
    """(1, c, h, w): what is measured, where that is no picture; `picture` then shows it."""
    guide: "Tensor | None" = None
    """(N, C, h, w) in [0, 1]: further pictures of the same scene or mark."""
    corner: tuple[int, int] = (0, 0)
    """Row and column of the clean picture at which a cropped truth begins."""


TaskOptionsT = TypeVar("TaskOptionsT", bound=TaskOptions)
CorruptionT = TypeVar("CorruptionT", bound=Options)


class Task(ABC, Generic[TaskOptionsT, CorruptionT]):
    """Base of `task` plugins."""

    def __init__(self, plugins: "Plugins") -> None:
        self.plugins = plugins

    @abstractmethod
    def problem(
        self, inputs: Inputs, options: TaskOptionsT, generator: "torch.Generator"
    ) -> "Problem":
        """Return what the fit has to solve.

        Raises PictureError where the inputs do not suit the task.
        """

    @abstractmethod
    def corrupt(
        self, truth: "Tensor", options: CorruptionT, generator: "torch.Generator"
    ) -> Damaged:
        """Damage a clean picture (1, C, H, W) in [0, 1] as `corrupt.*` says."""
