"""Regularisation by denoising as a further term."""

from typing import TYPE_CHECKING, Any

from nasdip_core.architecture.specification import Use
from nasdip_core.objective import Objective
from nasdip_plugins.objective.total_variation import loss_unit

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.plugins import Plugins
    from nasdip_core.problem import Problem
    from nasdip_core.refine import Refine

_LEAST = 5 / 255


class Red(Objective):
    """w / s^2 mean (x - f(x'))^2, f a classical denoiser of the picture x' some steps ago.

    Its gradient by x is that of Romano, Elad, Milanfar, "The little engine that could", 2017, with
    f(x) kept for a while, as in Mataev, Milanfar, Elad, "DeepRED", ICCV workshops 2019; no gradient
    of the denoiser is needed.
    """

    def __init__(
        self, plugins: "Plugins", *, weight: float, sigma: float | None, every: int, denoiser: Use
    ) -> None:
        """Raises PluginError for a denoiser that is none."""
        self._weight = weight
        self._given = None if sigma is None else sigma / 255
        self._every = every
        self._denoiser = _made(plugins, denoiser)
        self._factor = weight
        self._sigma = _LEAST
        self._denoised: Tensor | None = None

    def begin(self, problem: "Problem") -> None:
        """Take over the scale of the loss and the noise level."""
        self._factor = self._weight / loss_unit(problem)
        self._sigma = max(_LEAST, problem.noise_level() / 2) if self._given is None else self._given

    def term(self, picture: "Tensor", step: int) -> "Tensor":
        """Return the weighted mean squared difference of (1, C, H, W) to its denoised form.

        Frames (T, C, H, W) of a stack are denoised one by one.
        """
        import torch

        from nasdip_core.restoration import RestorationProblem

        if self._denoised is None or step % self._every == 0:
            now = picture.detach().clamp(0, 1)
            noisy = RestorationProblem(now, deviation=lambda _: self._sigma)
            frames = [self._denoiser.refine(frame, None) for frame in noisy.frames()]
            self._denoised = torch.cat(frames).to(now)
        difference: Tensor = picture - self._denoised
        return self._factor * difference.square().mean()

    def state_dict(self) -> dict[str, Any]:
        """Return the denoised picture, which holds for some steps."""
        return {} if self._denoised is None else {"denoised": self._denoised}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with it."""
        self._denoised = state.get("denoised")


def _made(plugins: "Plugins", use: Use) -> "Refine":
    """Return the denoiser with its options spelt out. Raises PluginError where it is none."""
    from nasdip_core.errors import PluginError

    registration = plugins.find("refine", use.uses)
    refine: type[Refine] = registration.resolve()
    if "denoise" not in refine.tasks:
        raise PluginError(
            f"refine '{use.uses}' does not denoise",
            f"it serves {', '.join(sorted(refine.tasks))}",
        )
    denoiser: Refine = registration.made(use.with_, "denoiser.with")
    return denoiser
