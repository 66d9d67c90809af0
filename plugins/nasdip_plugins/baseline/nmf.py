"""Non-negative factors of a matrix with gaps."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.factorization import FactorizationProblem

_ROUNDS = 300


class Nmf(Baseline["FactorizationProblem"]):
    """min |T L - M|^2 over the known entries, T, L >= 0, by multiplicative updates.

    Lee, Seung, "Algorithms for Non-negative Matrix Factorization", 2001, Theorem 1. The rank, up
    to the problem's, is chosen by entries that it has not seen. What is negative counts as 0.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"factorize"})
    fills: ClassVar[bool] = True

    def restore(self, problem: "FactorizationProblem") -> "Tensor":
        """Return the completed picture (1, C, H, W)."""
        from nasdip_core.completion import best_rank, nmf
        from nasdip_core.seeds import generator

        matrix = problem.measured

        def completed(seen: "Tensor", rank: int) -> "Tensor":
            left, right = nmf(matrix, seen, rank, generator(0, "nmf"), _ROUNDS)
            return left @ right

        rank = best_rank(matrix, problem.fitted, problem.rank, completed)
        return problem.as_picture(completed(problem.fitted, rank))
