"""Back-projection onto the measurements."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.refine import Refine

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class BackProjection(Refine):
    """The nearest picture that gives the measurements: x + A^+ (y - A x).

    Irani, Peleg, "Improving resolution by image registration", 1991, at the fixed point. Without
    a pilot x is the Lanczos interpolation of y.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"super-resolution"})

    def refine(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        """Return (1, C, H, W), clipped to [0, 1]."""
        return agreeing(problem, enlarged(problem) if pilot is None else pilot).clamp(0, 1)


def agreeing(problem: "RestorationProblem", picture: "Tensor") -> "Tensor":
    """Return the nearest picture (1, C, H, W) that gives the measurements that are fitted."""
    import torch

    given = problem.operator.forward(picture)
    target = torch.where(problem.fitted, problem.measured, given)
    return problem.operator.project(picture, target)


def enlarged(problem: "RestorationProblem") -> "Tensor":
    """Return the Lanczos interpolation (1, C, H, W) of the measurements that are fitted."""
    from PIL.Image import Resampling

    from nasdip_plugins.baseline.upsampling import resampled
    from nasdip_plugins.refine.cosine import filled

    if not bool(problem.fitted.any()):
        return problem.measured.new_full((1, problem.measured.shape[1], *problem.size), 0.5)
    completed = filled(problem.measured, problem.fitted)
    return resampled(completed.cpu(), problem.size, Resampling.LANCZOS).to(completed)
