"""Completion of a matrix by a small nuclear norm."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.factorization import FactorizationProblem


class SoftImpute(Baseline["FactorizationProblem"]):
    """min_X 1/2 |P(X - M)|^2 + l |X|_*, l chosen by entries that it has not seen.

    Mazumder, Hastie, Tibshirani, "Spectral Regularization Algorithms for Learning Large Incomplete
    Matrices", JMLR 2010, Algorithm 1.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"factorize"})
    fills: ClassVar[bool] = True

    def restore(self, problem: "FactorizationProblem") -> "Tensor":
        """Return the completed picture (1, C, H, W)."""
        from nasdip_core.completion import soft_impute
        from nasdip_core.seeds import generator

        draws = generator(0, "soft-impute")
        return problem.as_picture(soft_impute(problem.measured, problem.fitted, draws))
