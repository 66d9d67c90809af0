"""Which of several estimates to trust, told by measurements that none of them has seen."""

from collections.abc import Sequence

import numpy as np
import torch

from nasdip_core.problem import Estimate
from nasdip_core.restoration import RestorationProblem

_SUM = 1e3
"""Weight of the equation that says that the weights sum to one."""
_TRUST = 3.0
"""Pieces kept back that would have to speak against the trusted estimate."""


def held_out_weights(
    problem: RestorationProblem, estimates: Sequence[Estimate], *, trusted: int, one: bool
) -> list[float]:
    """Return w >= 0, sum w = 1, that minimise |y - A sum_k w_k x_k|^2 on what is kept back.

    Pixels of one piece err together: with n pixels in m pieces, e the least mean squared error of
    an estimate and t the place of the `trusted` one, n (3 / m) e |w - t|^2 is added. So a few
    pieces of a hole move the weights little, and thousands of single pixels decide alone.

    With `one`, the estimate with the least error alone has weight. Without anything kept back, or
    with nothing to choose from, the trusted one has it.
    """
    trust = [float(i == trusted) for i in range(len(estimates))]
    if len(estimates) < 2 or problem.kept_back is None:
        return trust
    measured = _kept_back(problem, problem.measured)
    predicted = [_kept_back(problem, problem.predicted(e)) for e in estimates]
    matrix = torch.stack(predicted, dim=1).double().cpu().numpy()
    target = measured.double().cpu().numpy()
    # The noise of a place is its weight, where the noise follows the signal.
    deviation = problem.deviation(torch.from_numpy(matrix.mean(axis=1)))
    scale = np.broadcast_to(np.asarray(deviation, dtype=np.float64), target.shape)
    matrix, target = matrix / scale[:, None], target / scale
    errors = np.square(matrix - target[:, None]).mean(axis=0)
    if one:
        return [float(i == errors.argmin()) for i in range(len(estimates))]
    # It takes a second to load, and most fits are not mixed.
    from scipy.optimize import nnls

    pull = np.sqrt(_TRUST / _pieces(problem.kept_back) * errors.min() * len(target))
    heavy = _SUM * float(np.abs(matrix).max() + 1)
    rows = np.vstack([matrix, pull * np.eye(len(estimates)), np.full((1, len(estimates)), heavy)])
    weights, _ = nnls(rows, np.concatenate([target, pull * np.array(trust), [heavy]]))
    total = float(weights.sum())
    return [float(w) / total for w in weights] if total > 0 else trust


def blended(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """Return the weighted sum of estimates."""
    mixed = {name: torch.zeros_like(value) for name, value in estimates[0].items()}
    for estimate, weight in zip(estimates, weights, strict=True):
        if weight:
            for name, value in estimate.items():
                mixed[name].add_(value, alpha=weight)
    return mixed


def _kept_back(problem: RestorationProblem, measurements: torch.Tensor) -> torch.Tensor:
    """Return the kept-back samples of (1, C, h, w), one after the other."""
    assert problem.kept_back is not None
    return measurements[problem.kept_back.expand_as(measurements)]


def _pieces(kept_back: torch.Tensor) -> int:
    """Return in how many pieces pixels (B, 1, h, w) are kept back, those that touch being one."""
    from scipy.ndimage import generate_binary_structure, label

    # Frames do not touch.
    touching = generate_binary_structure(3, 3)
    touching[[0, 2]] = False
    _, count = label(kept_back[:, 0].cpu().numpy(), touching)
    return int(count)
