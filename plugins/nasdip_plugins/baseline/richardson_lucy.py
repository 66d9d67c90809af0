"""Richardson-Lucy deconvolution."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline
from nasdip_core.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem

_ROUNDS = 100


class RichardsonLucy(Baseline["RestorationProblem"]):
    """x <- x A^T(y / A x) / A^T 1, from mid grey, until |A x - y| is down to the noise.

    Richardson, "Bayesian-based iterative method of image restoration", 1972; Lucy, 1974. With A
    the blur's valid part nothing is assumed of the border. 100 rounds at most.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"deblur"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return (1, C, H, W). Raises PluginError where the kernel is not known."""
        import torch

        from nasdip_core.operators import Identity, LinearOperator

        operator, measured = problem.operator, problem.measured
        if isinstance(operator, Identity) or not isinstance(operator, LinearOperator):
            raise PluginError("baseline 'richardson-lucy' needs to know the kernel")
        picture = measured.new_full((1, measured.shape[1], *problem.size), 0.5)
        seen = operator.adjoint(torch.ones_like(measured)).clamp(min=1e-3)
        for _ in range(_ROUNDS):
            predicted = operator.forward(picture)
            if float((predicted - measured).square().mean()) <= problem.noise_level() ** 2:
                break
            picture = picture * operator.adjoint(measured / predicted.clamp(min=1e-3)) / seen
            picture = picture.clamp(min=0)
        return problem.framed(picture)
