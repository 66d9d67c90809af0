"""Quality by the agreement of candidates."""

import torch

from nasdip_core.errors import OptionError
from nasdip_core.problem import Estimate, Problem
from nasdip_core.reward import Reward, Trained
from nasdip_plugins.reward.decibels import decibels


class Consensus(Reward):
    r"""Distance of the first output x to the mean of what m other candidates made, in dB.

    $-10 \log_{10}\left(\frac{m}{m + 1}\,\overline{(x - \bar x_m)^2}\right)$. The mean of m
    candidates of equal variance v is off by v / m: without the factor, those that are compared
    with few would look worse. Source: the choice of ISNAS-DIP among its last candidates, the one
    nearest to their mean (Arican et al., CVPR 2022, released code).
    """

    compares = True

    def score(self, trained: Trained) -> float:
        """Return the agreement. Raises OptionError where there is no other."""
        others = trained.others
        if not others:
            raise OptionError(
                "reward 'consensus' compares candidates, and there is no other",
                "choose another reward",
            )
        picture = _written(trained.problem, trained.result.chosen)
        mean = torch.zeros_like(picture)
        for other in others:
            mean += _written(trained.problem, other).to(picture) / len(others)
        share = len(others) / (len(others) + 1)
        return decibels(share * float((picture - mean).square().mean()))


def _written(problem: Problem, estimate: Estimate) -> torch.Tensor:
    """Return what is written of the first output: parts of a problem may not be told apart.

    (B, C, H, W), or (N, C) where what is known is copied: only the rest is the network's.
    """
    first = next(iter(problem.render(estimate).values()))
    if first.known is None or first.known.all():
        return first.samples
    return first.samples.movedim(1, -1)[~first.known[:, 0].to(first.samples.device)]
