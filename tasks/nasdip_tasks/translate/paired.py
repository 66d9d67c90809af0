"""Learning from pairs: a picture and what it is to become (pix2pix)."""

from collections.abc import Iterator

import torch
from torch import Tensor

from nasdip_core.problem import Player, Slot, Step
from nasdip_tasks.translate.critic import PatchCritic
from nasdip_tasks.translate.data import Domain, square
from nasdip_tasks.translate.looks import looking
from nasdip_tasks.translate.losses import judged_real, told_apart
from nasdip_tasks.translate.options import TranslateOptions
from nasdip_tasks.translate.problem import TRANSLATOR, TranslationProblem, translated

_CRITIC = "critic"


class PairedProblem(TranslationProblem):
    """min_G max_D: D(x, y) against D(x, G(x)), and |G(x) - y| for pairs (x, y).

    Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017,
    with the least-squares form of the critic's loss.
    """

    def __init__(
        self,
        picture: Tensor,
        sources: Domain,
        targets: Domain | None,
        options: TranslateOptions,
        *,
        truth: Tensor | None,
    ) -> None:
        """Without `targets`, a picture of `sources` is what its own look is to become."""
        self._sources = sources
        self._targets = targets
        self._options = options
        size = (options.crop, options.crop)
        width = options.critic_width
        super().__init__(
            picture,
            {
                TRANSLATOR: Slot(3, size, in_channels=3),
                _CRITIC: Slot(1, size, in_channels=6, module=lambda: PatchCritic(6, width)),
            },
            [
                Player(TRANSLATOR, (TRANSLATOR,), self._translate, beta1=0.5, descends=False),
                Player(_CRITIC, (_CRITIC,), self._judge, beta1=0.5, descends=False),
            ],
            truth=truth,
            small=sum(
                each.smaller(options.crop)
                for each in [sources, *([] if targets is None else [targets])]
            ),
        )
        self._fake: Tensor | None = None

    def batch(self, index: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return squares x and y, each (B, 3, crop, crop)."""
        drawn = [self._square(generator) for _ in range(self._options.batch)]
        x, y = (torch.cat(part).to(self.picture.device) for part in zip(*drawn, strict=True))
        return x, y

    def wanted(self) -> Iterator[Tensor]:
        """Yield the second picture of each pair."""
        for i in range(len(self._sources)):
            yield self._pair(i)[1]

    def _square(self, draws: torch.Generator) -> list[Tensor]:
        i = int(torch.randint(len(self._sources), (), generator=draws, device=draws.device))
        return square(self._pair(i), self._options.crop, draws)

    def _pair(self, number: int) -> tuple[Tensor, Tensor]:
        picture = self._sources.picture(number)
        if self._targets is not None:
            return picture, self._targets.picture(number)
        pairs = self._options.pairs
        assert pairs in ("grey", "edges")
        return looking(picture, pairs), picture

    def _translate(self, step: Step) -> Tensor:
        x, y = step.batch
        self._fake = translated(step.networks[TRANSLATOR], x)
        adversarial = judged_real(step.networks[_CRITIC](torch.cat([x, self._fake], dim=1)))
        distance = (self._fake - y).abs().mean()
        step.parts["distance"] = float(distance.detach())
        self.show(x, self._fake, y)
        loss: Tensor = adversarial + self._options.distance * distance
        return loss

    def _judge(self, step: Step) -> Tensor:
        assert self._fake is not None
        x, y = step.batch
        critic = step.networks[_CRITIC]
        return told_apart(
            critic(torch.cat([x, y], dim=1)), critic(torch.cat([x, self._fake.detach()], dim=1))
        )
