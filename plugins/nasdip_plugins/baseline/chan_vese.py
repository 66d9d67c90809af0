"""Foreground and background by how far colours are from those at the border."""

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import disk_level_set, morphological_chan_vese

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from nasdip_core.mixture import MixtureProblem

_ROUNDS, _SMOOTHING = 60, 3
_RIM = 20
"""The border is as deep as the picture's shorter side divided by this."""


class ChanVese(Baseline["MixtureProblem"]):
    """Active contours without edges; what touches the picture's border less is the foreground.

    Marquez-Neila, Baumela, Alvarez, "A morphological approach to curvature-based evolution of
    curves and surfaces", TPAMI 2014, on the logarithm of the distance to the colours at the border,
    by their mean and spread. Behind the foreground lies the colour of the nearest background.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"segment"})

    def restore(self, problem: "MixtureProblem") -> "Tensor":
        """Return the background (1, C, H, W)."""
        picture = problem.measured[0].double().numpy()
        front = _foreground(picture)
        if not front.any():
            return problem.measured.clone()
        rows, columns = distance_transform_edt(front, return_distances=False, return_indices=True)
        return torch.from_numpy(picture[:, rows, columns]).float()[None]


def _foreground(picture: "np.ndarray") -> "np.ndarray":
    """Return (H, W) bool, never all true, for a picture (C, H, W)."""
    import numpy as np

    evolve: Any = morphological_chan_vese  # scikit-image has no annotations
    disc: Any = disk_level_set
    size = picture.shape[1:]
    rim = np.ones(size, dtype=bool)
    deep = max(1, min(size) // _RIM)
    rim[deep:-deep, deep:-deep] = False
    border = picture[:, rim]
    middle = border.mean(axis=1, keepdims=True)
    spread = (border - middle) @ (border - middle).T / border.shape[1]
    away = picture.reshape(len(picture), -1) - middle
    away_by_spread = np.linalg.solve(spread + 1e-3 * np.eye(len(picture)), away)
    distance = np.log1p((away * away_by_spread).sum(axis=0).reshape(size))
    # Of one colour, or so narrow that all of it is border: nothing stands out.
    if np.ptp(distance) < 1e-6 or rim.all():
        return np.zeros(size, dtype=bool)
    inside: np.ndarray = evolve(
        distance, _ROUNDS, init_level_set=disc(size), smoothing=_SMOOTHING
    ).astype(bool)
    front = inside if inside[rim].mean() <= 0.5 else ~inside
    return front & ~front.all()
