"""Classical completion of matrices."""

import torch

from nasdip_core.completion import best_rank, hard_impute, nmf, singular, soft_impute
from nasdip_core.seeds import generator


def low_rank(m: int = 60, n: int = 40, rank: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix of non-negative factors, and which of its entries are known."""
    draws = generator(0, "test")
    matrix = torch.rand(m, rank, generator=draws) @ torch.rand(rank, n, generator=draws)
    return matrix, torch.rand(m, n, generator=draws) > 0.4


def error(found: torch.Tensor, matrix: torch.Tensor, known: torch.Tensor) -> float:
    """The relative error at what is missing."""
    return float((found - matrix)[~known].norm() / matrix[~known].norm())


def test_missing_entries_are_found() -> None:
    """Each method finds them far better than the mean does."""
    matrix, known = low_rank()
    assert error(soft_impute(matrix, known, generator(0, "soft")), matrix, known) < 0.05
    assert error(hard_impute(matrix, known, 3), matrix, known) < 0.05
    left, right = nmf(matrix, known, 3, generator(0, "nmf"), 500)
    assert min(float(left.min()), float(right.min())) >= 0
    assert error(left @ right, matrix, known) < 0.05


def test_missing_entries_are_not_read() -> None:
    """Whatever stands there, the result is the same."""
    matrix, known = low_rank()
    other = torch.where(known, matrix, 7.0)
    for complete in (
        lambda m: soft_impute(m, known, generator(0, "soft")),
        lambda m: hard_impute(m, known, 3),
        lambda m: nmf(m, known, 3, generator(0, "nmf"), 20)[0],
    ):
        torch.testing.assert_close(complete(matrix), complete(other))


def test_a_matrix_lying_on_its_side() -> None:
    """Wide matrices are no worse than high ones."""
    matrix, known = low_rank()
    assert error(hard_impute(matrix.T, known.T, 3), matrix.T, known.T) < 0.05
    left, values, right = singular(matrix.T, 5)
    torch.testing.assert_close((left * values) @ right.T, matrix.T, atol=1e-4, rtol=1e-3)


def test_the_rank_is_told_by_unseen_entries() -> None:
    """That of the matrix wins over smaller ones, none above the limit is tried."""
    matrix, known = low_rank()
    tried = []

    def complete(seen: torch.Tensor, rank: int) -> torch.Tensor:
        tried.append(rank)
        assert bool((seen <= known).all())
        return hard_impute(matrix, seen, rank)

    assert best_rank(matrix, known, 10, complete) >= 3
    assert tried == [1, 2, 3, 4, 6, 8, 10]


def test_nothing_is_missing() -> None:
    """A whole matrix stays as it is."""
    matrix, known = low_rank()
    assert torch.equal(soft_impute(matrix, torch.ones_like(known), generator(0, "soft")), matrix)


def test_a_threshold_is_chosen_for_a_tiny_matrix() -> None:
    """However few entries there are, one is kept back to choose by."""
    matrix, known = torch.ones(3, 4), torch.ones(3, 4, dtype=torch.bool)
    known[0, 0] = False
    for seed in range(12):
        found = soft_impute(matrix, known, generator(seed, "soft"))
        torch.testing.assert_close(found, matrix, atol=0.01, rtol=0)


def test_small_singular_values_are_not_lost() -> None:
    """Of squares in single precision, nothing below 3e-4 of the largest would be left."""
    draws = generator(0, "test")
    left, right = (
        torch.linalg.qr(torch.randn(n, 6, generator=draws, dtype=torch.float64))[0]
        for n in (50, 30)
    )
    values = 10.0 ** -torch.arange(6, dtype=torch.float64)
    matrix = (left * values @ right.T).float()
    u, found, _ = singular(matrix, 6)
    torch.testing.assert_close(found, values.float(), rtol=0.02, atol=0)
    torch.testing.assert_close(u.norm(dim=0), torch.ones(6), rtol=0.02, atol=0)
