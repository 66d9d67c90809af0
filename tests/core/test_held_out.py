"""What is kept back is as hard to tell as what is missing."""

import pytest
import torch
from torch import Tensor

from nasdip_core.held_out import kept_back


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def hole(top: int, left: int, height: int, width: int) -> Tensor:
    """Return a known picture of 64 x 80 pixels with a hole."""
    known = torch.ones(1, 1, 64, 80, dtype=torch.bool)
    known[..., top : top + height, left : left + width] = False
    return known


def neighbours(found: Tensor) -> float:
    """Return the share of kept-back pixels whose right neighbour is kept back, too."""
    return float((found[..., :-1] & found[..., 1:]).sum() / found.sum())


@pytest.mark.parametrize("known", [hole(20, 30, 16, 16), hole(0, 0, 64, 40), hole(5, 5, 3, 70)])
def test_the_number_is_exact_and_all_were_known(known: Tensor) -> None:
    found = kept_back(known, 100, draws())
    assert found.shape == known.shape
    assert int(found.sum()) == 100
    assert not (found & ~known).any()
    assert torch.equal(found, kept_back(known, 100, draws()))
    assert not torch.equal(found, kept_back(known, 100, draws(1)))


def test_where_nothing_may_be_kept_back_is_no_hole() -> None:
    """Pieces have the shapes of what is missing, wherever they may lie."""
    known = torch.rand(1, 1, 64, 64, generator=draws(3)) < 0.6
    free = known.clone()
    free[..., 28:36] = False  # copied into the result, say
    found = kept_back(known, 100, draws(), free=free)
    assert int(found.sum()) == 100
    assert not (found & ~free).any()
    assert neighbours(found) < 0.3


def test_beside_a_hole_pieces_of_its_shape_are_kept_back() -> None:
    assert neighbours(kept_back(hole(20, 30, 16, 16), 200, draws())) > 0.7


def test_scattered_pixels_are_kept_back_where_such_are_missing() -> None:
    scattered = torch.rand(1, 1, 64, 80, generator=draws(3)) < 0.5
    assert neighbours(kept_back(scattered, 100, draws())) < 0.3
    whole = torch.ones(1, 1, 64, 80, dtype=torch.bool)
    assert neighbours(kept_back(whole, 100, draws())) < 0.3


def test_strokes_are_kept_back_as_strokes() -> None:
    known = torch.ones(1, 1, 64, 80, dtype=torch.bool)
    known[..., 10:14, 5:75] = False
    known[..., 40:44, 5:75] = False
    assert neighbours(kept_back(known, 150, draws())) > 0.7


def test_without_room_for_a_shape_single_pixels_serve() -> None:
    known = torch.zeros(1, 1, 64, 80, dtype=torch.bool)
    known[..., ::8, ::8] = True
    found = kept_back(known, 10, draws())
    assert int(found.sum()) == 10
