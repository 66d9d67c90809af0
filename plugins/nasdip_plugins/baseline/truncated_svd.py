"""The truncated singular value decomposition of a matrix with gaps."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.factorization import FactorizationProblem


class TruncatedSvd(Baseline["FactorizationProblem"]):
    """The largest singular values, gaps filled again and again until they settle.

    Troyanskaya et al., "Missing value estimation methods for DNA microarrays", 2001, SVDimpute.
    The rank, up to the problem's, is chosen by entries that it has not seen.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"factorize"})
    fills: ClassVar[bool] = True

    def restore(self, problem: "FactorizationProblem") -> "Tensor":
        """Return the completed picture (1, C, H, W)."""
        from nasdip_core.completion import best_rank, hard_impute

        matrix, known = problem.measured, problem.fitted
        rank = best_rank(
            matrix, known, problem.rank, lambda seen, rank: hard_impute(matrix, seen, rank)
        )
        return problem.as_picture(hard_impute(matrix, known, rank))
