"""Which of several estimates to trust, told by measurements that none of them has seen."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import nnls

from nasdip_core.problem import Estimate
from nasdip_core.restoration import RestorationProblem

_SUM = 1e3
"""Weight of the equation that says that the weights sum to one."""


def held_out_weights(
    problem: RestorationProblem, estimates: Sequence[Estimate], *, one: bool
) -> list[float]:
    """Return w >= 0, sum w = 1, that minimise |y - A sum_k w_k x_k|^2 on what is kept back.

    With `one`, the estimate with the least error alone has weight. Without anything kept back, or
    with nothing to choose from, the last one has it.
    """
    last = [0.0] * (len(estimates) - 1) + [1.0]
    if len(estimates) < 2 or problem.kept_back is None:
        return last
    measured = _kept_back(problem, problem.measured)
    predicted = [
        _kept_back(problem, problem.operator.forward(e[problem.output])) for e in estimates
    ]
    matrix = torch.stack(predicted, dim=1).double().cpu().numpy()
    target = measured.double().cpu().numpy()
    # The noise of a place is its weight, where the noise follows the signal.
    deviation = problem.deviation(torch.from_numpy(matrix.mean(axis=1)))
    scale = np.broadcast_to(np.asarray(deviation, dtype=np.float64), target.shape)
    matrix, target = matrix / scale[:, None], target / scale
    if one:
        errors = np.square(matrix - target[:, None]).mean(axis=0)
        return [float(i == errors.argmin()) for i in range(len(estimates))]
    heavy = _SUM * float(np.abs(matrix).max() + 1)
    rows = np.vstack([matrix, np.full((1, len(estimates)), heavy)])
    weights, _ = nnls(rows, np.append(target, heavy))
    total = float(weights.sum())
    return [float(w) / total for w in weights] if total > 0 else last


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
