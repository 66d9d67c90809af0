"""Blind deblurring: the kernel is emitted by a second network (SelfDeblur)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasdip_core.errors import OptionError
from nasdip_core.problem import Estimate, Player, Rendered, Slot, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tiles import Tile
from nasdip_tasks.operators.blur import blurred

_HIDDEN = 1000
_NOISE = 200
_CENTRING = 1000.0
"""Weight of the squared distance, in sides, of the kernel's centre of mass from its middle."""
_SLOWER = 0.01
"""Learning rate of the kernel's network by that of the picture's, as SelfDeblur has it.

One player trains both: a second one would let the picture's network answer twice a step.
"""


class KernelNetwork(nn.Module):
    """softmax(W_2 relu6(W_1 z)) of fixed noise z: (1, 1, side, side), non-negative, of sum 1.

    Ren, Zhang, Wang, Hu, Zuo, "Neural blind deconvolution using deep priors", CVPR 2020, section
    3.2.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(_NOISE, _HIDDEN)
        self.kernel = nn.Linear(_HIDDEN, side * side)
        self.side = side
        with torch.no_grad():
            # Stored larger and used smaller, a weight moves slower at the same learning rate.
            for parameter in self.parameters():
                parameter.div_(_SLOWER)

    def forward(self, z: Tensor) -> Tensor:
        """Return the kernel of noise (1, 200, 1, 1)."""
        hidden = F.relu6(_slow(self.hidden, z.flatten(1)))
        return _slow(self.kernel, hidden).softmax(dim=1).reshape(1, 1, self.side, self.side)


class BlindProblem(RestorationProblem):
    """min over both networks of |f(z) * g(z') - y|^2 / sigma^2 + 1000 |c|^2, c the kernel's centre.

    Picture and kernel could move against each other: the last term says which pair is meant.
    """

    def __init__(
        self,
        measured: Tensor,
        side: int,
        sigma: float,
        *,
        draws: torch.Generator,
        truth: Tensor | None,
        levels: int | None,
    ) -> None:
        """`sigma` is the deviation of the noise, `side` that of the kernel.

        The kernel network's input is drawn by `draws`.
        """
        reach = side // 2
        height, width = (int(length) + 2 * reach for length in measured.shape[-2:])
        super().__init__(
            measured,
            size=(height, width),
            margin=(reach, reach),
            deviation=lambda _: sigma,
            truth=truth,
            levels=levels,
        )
        noise = torch.rand(1, _NOISE, 1, 1, generator=draws)
        self.slots = {
            **self.slots,
            "kernel": Slot(
                channels=1, size=(side, side), input=noise, module=lambda: KernelNetwork(side)
            ),
        }
        self.players = [Player("pair", ("picture", "kernel"), self._loss)]

    def _loss(self, step: Step) -> Tensor:
        kernel = step["kernel"][0, 0]
        error = self._error(blurred(step["picture"], kernel), self.fitted)
        return error + _CENTRING * _off_centre(kernel)

    def estimate(self, step: Step) -> Estimate:
        """Return the picture and the kernel."""
        return {self.output: step["picture"].detach(), "kernel": step["kernel"].detach()}

    def predicted(self, estimate: Estimate) -> Tensor:
        """Return the picture blurred by the kernel."""
        return blurred(estimate[self.output], estimate["kernel"][0, 0])

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the picture, and the kernel enlarged, white its largest sample."""
        kernel = estimate["kernel"]
        shown = F.interpolate(kernel / kernel.amax().clamp(min=1e-12), scale_factor=8.0)
        picture = self.framed(estimate[self.output]).clamp(0, 1)
        return {self.output: Rendered(picture), "kernel": Rendered(shown, own=True)}

    def tile(self, part: Tile) -> RestorationProblem:
        """Raises OptionError: the parts would find kernels of their own."""
        raise OptionError("an unknown kernel cannot be found in tiles", "give task.kernel")


def _slow(layer: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x, layer.weight * _SLOWER, layer.bias * _SLOWER)


def _off_centre(kernel: Tensor) -> Tensor:
    """Return the squared distance of the centre of mass from the middle, in sides."""
    place = torch.linspace(-0.5, 0.5, kernel.shape[0], device=kernel.device)
    return (kernel.sum(dim=1) @ place).square() + (kernel.sum(dim=0) @ place).square()
