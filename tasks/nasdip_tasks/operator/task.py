"""Restoration from whatever an operator measures: y = A(x) + n."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.read import naming
from nasdip_core.operators import LinearOperator, Operator
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.operator.options import Measurement, OperatorCorruption, OperatorOptions
from nasdip_tasks.operators.given import checked, from_file


class AnyOperator(Task[OperatorOptions, OperatorCorruption]):
    """Finds the picture that gives the measurements, by any operator that gradients pass."""

    def problem(
        self, inputs: Inputs, options: OperatorOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit of a picture of the size and channels of the one that is given.

        Raises OptionError for an operator that is wrong, PictureError for measurements that are
        not what it measures.
        """
        channels = int(inputs.picture.shape[1])
        size = (int(inputs.picture.shape[-2]), int(inputs.picture.shape[-1]))
        operator = self._operator(options, channels, size)
        measured = inputs.measured
        if options.measurements is not None:
            low, peak = inputs.range
            if (low, peak) != (0.0, 1.0):
                raise PictureError(
                    f"the samples of the picture go from {low:g} to {peak:g}, and "
                    "measurements are of samples in [0, 1]",
                    "divide picture and measurements by the same number",
                )
            measured = _read(options.measurements)
        elif measured is None:
            measured = inputs.picture
        wanted = operator.forward(torch.zeros(1, channels, *size)).shape
        if measured.shape != wanted:
            raise PictureError(
                f"the measurements have the shape {tuple(measured.shape)}, operator "
                f"'{options.operator}' gives {tuple(wanted)}",
                "see task.with, and the size of the picture",
            )
        sigma = options.sigma
        return RestorationProblem(
            measured,
            size=size,
            channels=channels,
            operator=operator,
            deviation=(lambda _: sigma) if sigma else None,
            truth=inputs.truth,
            levels=inputs.levels,
        )

    def corrupt(
        self, truth: Tensor, options: OperatorCorruption, generator: torch.Generator
    ) -> Damaged:
        """Measure and add noise; the picture shows what the measurements alone tell."""
        size = (int(truth.shape[-2]), int(truth.shape[-1]))
        operator = self._operator(options, int(truth.shape[1]), size)
        measured = operator.forward(truth)
        noise = torch.randn(measured.shape, generator=generator)
        measured = measured + options.sigma * noise
        return Damaged(_shown(operator, measured, truth), truth, measured=measured)

    def _operator(self, options: Measurement, channels: int, size: tuple[int, int]) -> Operator:
        name = options.operator
        if name.endswith(".py"):
            return checked(from_file(name, size, options.with_), name, channels, size)
        where = "corrupt.with" if isinstance(options, OperatorCorruption) else "task.with"
        registration = self.plugins.find("operator", name)
        try:
            made: Operator = registration.made(options.with_, where, size)
        except ValueError as error:
            raise OptionError(
                f"operator '{name}' cannot be made: {error}", f"see {where}"
            ) from None
        return checked(made, name, channels, size)


def _shown(operator: Operator, measured: Tensor, like: Tensor) -> Tensor:
    """Return A^+ y, else A^T y, in [0, 1] and the form of the picture; mid grey without either."""
    if not isinstance(operator, LinearOperator):
        return torch.full_like(like, 0.5)
    back = operator.project(torch.zeros_like(like), measured)
    if not bool(back.any()):
        back = operator.adjoint(measured)
        back = back / back.abs().amax().clamp(min=1e-12)
    return back.clamp(0, 1)


def _read(path: str) -> Tensor:
    with naming(f"the measurements '{path}'"), Path(path).open("rb") as file:
        content = np.load(file, allow_pickle=False)
    if not isinstance(content, np.ndarray) or content.ndim != 4 or content.dtype.kind not in "fiu":
        raise PictureError(
            f"'{path}' holds no measurements", "it must be a real array of four axes, (1, c, h, w)"
        )
    if not bool(np.isfinite(content).all()):
        raise PictureError(f"the measurements '{path}' hold values that are no numbers")
    return torch.from_numpy(content.astype(np.float32))
