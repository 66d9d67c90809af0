"""Quality by the agreement of candidates."""

import torch

from nasdip_core.errors import OptionError
from nasdip_core.reward import Reward, Trained
from nasdip_plugins.reward.decibels import decibels


class Consensus(Reward):
    r"""Distance of the returned estimate x to the mean of what m other candidates made, in dB.

    $-10 \log_{10}\left(\frac{m}{m + 1}\,\overline{(x - \bar x_m)^2}\right)$. The mean of m
    candidates of equal variance v is off by v / m: without the factor, those that are compared
    with few would look worse. Source: the choice of ISNAS-DIP among its last candidates, the one
    nearest to their mean (Arican et al., CVPR 2022, released code).
    """

    compares = True

    def score(self, trained: Trained) -> float:
        """Return the agreement in the first output. Raises OptionError where there is no other."""
        others = trained.others
        if not others:
            raise OptionError(
                "reward 'consensus' compares candidates, and there is no other",
                "choose another reward",
            )
        name, estimate = next(iter(trained.result.chosen.items()))
        mean = torch.zeros_like(estimate)
        for other in others:
            mean += other[name].to(estimate) / len(others)
        share = len(others) / (len(others) + 1)
        return decibels(share * float((estimate - mean).square().mean()))
