"""Learning from two sets of pictures without partners: there and back again (CycleGAN)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from nasdip_core.problem import Player, Slot, Step
from nasdip_tasks.translate.critic import PatchCritic
from nasdip_tasks.translate.data import Domain, square
from nasdip_tasks.translate.losses import judged_real, told_apart
from nasdip_tasks.translate.options import TranslateOptions
from nasdip_tasks.translate.problem import TRANSLATOR, TranslationProblem, translated

_BACK, _SOURCE_CRITIC, _TARGET_CRITIC = "back", "source-critic", "target-critic"
_POOL = 50
"""Earlier translations of which a critic sees one every other time (Shrivastava et al. 2017)."""


class UnpairedProblem(TranslationProblem):
    """G: A -> B and F: B -> A with critics, |F(G(a)) - a| + |G(F(b)) - b|, |G(b) - b| + |F(a) - a|.

    Zhu et al., "Unpaired image-to-image translation using cycle-consistent adversarial networks",
    ICCV 2017. One picture on each side will do: squares of it are what is learnt from.
    """

    passes = 3

    def __init__(
        self,
        picture: Tensor,
        sources: Domain,
        targets: Domain,
        options: TranslateOptions,
        *,
        truth: Tensor | None,
    ) -> None:
        """`picture` is (1, C, H, W) in [0, 1]."""
        self._sources = sources
        self._targets = targets
        self._options = options
        size = (options.crop, options.crop)
        network = Slot(3, size, in_channels=3)
        critic = Slot(1, size, in_channels=3, module=lambda: PatchCritic(3, options.critic_width))
        critics = (_SOURCE_CRITIC, _TARGET_CRITIC)
        translators = (TRANSLATOR, _BACK)
        super().__init__(
            picture,
            {TRANSLATOR: network, _BACK: network} | dict.fromkeys(critics, critic),
            [
                Player("translators", translators, self._translate, beta1=0.5, descends=False),
                Player("critics", critics, self._judge, beta1=0.5, descends=False),
            ],
            truth=truth,
            small=sum(each.smaller(options.crop) for each in (sources, targets)),
        )
        self._fakes: dict[str, Tensor] = {}
        self._pools: dict[str, list[Tensor]] = {name: [] for name in critics}

    def batch(self, index: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return squares a and b, each (B, 3, crop, crop)."""
        a, b = (
            torch.cat([self._square(domain, generator) for _ in range(self._options.batch)])
            for domain in (self._sources, self._targets)
        )
        return a.to(self.picture.device), b.to(self.picture.device)

    def wanted(self) -> Iterator[Tensor]:
        """Yield the pictures of the other set."""
        for i in range(len(self._targets)):
            yield self._targets.picture(i)

    def _square(self, domain: Domain, draws: torch.Generator) -> Tensor:
        i = int(torch.randint(len(domain), (), generator=draws, device=draws.device))
        return square([domain.picture(i)], self._options.crop, draws)[0]

    def _translate(self, step: Step) -> Tensor:
        a, b = step.batch
        there, back = (partial(translated, step.networks[name]) for name in (TRANSLATOR, _BACK))
        fake_b, fake_a = there(a), back(b)
        adversarial = judged_real(step.networks[_TARGET_CRITIC](fake_b)) + judged_real(
            step.networks[_SOURCE_CRITIC](fake_a)
        )
        cycle = (back(fake_b) - a).abs().mean() + (there(fake_a) - b).abs().mean()
        loss: Tensor = adversarial + self._options.cycle * cycle
        if self._options.identity:
            identity = (there(b) - b).abs().mean() + (back(a) - a).abs().mean()
            loss = loss + self._options.identity * identity
        step.parts["cycle"] = float(cycle.detach())
        self._fakes = {_TARGET_CRITIC: fake_b.detach(), _SOURCE_CRITIC: fake_a.detach()}
        self.show(a, fake_b, b, fake_a)
        return loss

    def _judge(self, step: Step) -> Tensor:
        a, b = step.batch
        loss: Tensor = a.new_zeros(())
        for name, real in ((_SOURCE_CRITIC, a), (_TARGET_CRITIC, b)):
            fake = self._seen(name, step.generator)
            critic = step.networks[name]
            loss = loss + told_apart(critic(real), critic(fake))
        return loss

    def _seen(self, critic: str, draws: torch.Generator) -> Tensor:
        """Return the new translations, about half of them swapped for earlier ones."""
        pool, seen = self._pools[critic], []
        for new in self._fakes[critic].unsqueeze(1):
            place, swap = (
                int(torch.randint(n, (), generator=draws, device=draws.device)) for n in (_POOL, 2)
            )
            seen.append(new)
            if len(pool) < _POOL:
                pool.append(new)
            elif swap:
                seen[-1], pool[place] = pool[place], new
        return torch.cat(seen)

    def state_dict(self) -> dict[str, Any]:
        """Return the earlier translations, too."""
        return super().state_dict() | {"pools": self._pools}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with them."""
        super().load_state_dict(state)
        pools: Mapping[str, list[Tensor]] = state["pools"]
        device = self.picture.device
        self._pools = {name: [fake.to(device) for fake in pool] for name, pool in pools.items()}
