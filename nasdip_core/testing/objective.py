"""What an `objective` plugin has to do."""

from collections.abc import Callable

import torch
from torch import Tensor

from nasdip_core.fit.checkpoint import load_checkpoint, save_checkpoint
from nasdip_core.objective import Objective
from nasdip_core.restoration import RestorationProblem
from nasdip_core.testing.module import picture

MakeObjective = Callable[[], Objective]


class ObjectiveConformance:
    """Inherit, and return from the fixture `objective` what makes a fresh one."""

    def _begun(self, make: MakeObjective, channels: int = 3, noisy: bool = True) -> Objective:
        measured = picture(1, channels, 24, 32).clamp(0, 1)
        deviation = (lambda _: 0.1) if noisy else None
        made = make()
        made.begin(RestorationProblem(measured, deviation=deviation))
        return made

    def test_is_a_term_of_the_picture(self, objective: MakeObjective) -> None:
        """A finite scalar with a finite gradient, grey or RGB, with noise or without."""
        for channels in (1, 3):
            for noisy in (True, False):
                made = self._begun(objective, channels, noisy)
                said = _said(channels)
                term = made.term(said, 1)
                assert term.shape == ()
                assert term.isfinite()
                (gradient,) = torch.autograd.grad(term, said)
                assert gradient.isfinite().all()
                assert gradient.abs().sum() > 0

    def test_leaves_the_picture_alone(self, objective: MakeObjective) -> None:
        """And draws nothing from the global generator."""
        said, state = _said(3), torch.get_rng_state()
        before = said.detach().clone()
        self._begun(objective).term(said, 1)
        assert torch.equal(said, before)
        assert torch.equal(torch.get_rng_state(), state)

    def test_takes_what_leaves_the_range(self, objective: MakeObjective) -> None:
        """A network may say more than 1 and less than 0."""
        assert self._begun(objective).term(3 * _said(3) - 1, 1).isfinite()

    def test_goes_on_from_a_checkpoint(self, objective: MakeObjective, tmp_path: object) -> None:
        """After some steps, as if it had never been away."""
        from pathlib import Path

        path = Path(str(tmp_path)) / "objective.safetensors"
        first, second = self._begun(objective), self._begun(objective)
        pictures = [_said(3, seed).detach() for seed in range(1, 8)]
        for step, said in enumerate(pictures[:4], start=1):
            first.term(said, step)
        save_checkpoint(path, first.state_dict())
        second.load_state_dict(load_checkpoint(path))
        for step, said in enumerate(pictures[4:], start=5):
            assert torch.equal(first.term(said, step), second.term(said, step))


def _said(channels: int, seed: int = 0) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    smooth = picture(1, channels, 24, 32)
    return (smooth + 0.1 * torch.rand(smooth.shape, generator=draws)).requires_grad_()
