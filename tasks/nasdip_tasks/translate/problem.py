"""What the ways of learning a translation have in common: the translator and what it shows."""

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasdip_core.architecture.unet import UNet
from nasdip_core.errors import OptionError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Slot, Step
from nasdip_core.tiles import Tiling
from nasdip_tasks.translate.data import as_rgb

TRANSLATOR = "translator"
"""The slot of the network that translates."""
_EVERY = 10
"""Steps between two of the weights that are averaged."""
_DECAY = 0.98
_SHOWN = 4
"""Pictures that the samples show at most."""
_LARGEST_WHOLE = 2 * 2**20
"""Pixels above which a picture is translated in tiles."""
_TILE = 512


class TranslationProblem(Problem):
    """Translates one picture by the running mean of the translator's weights.

    Averaged weights as in Yazici et al., "The unusual effectiveness of averaging in GAN training",
    ICLR 2019: outputs of single steps of an adversarial fit go to and fro.
    """

    output = "translated"
    averaged = False
    on_unet = True

    def __init__(
        self,
        picture: Tensor,
        slots: Mapping[str, Slot],
        players: Sequence[Player],
        *,
        truth: Tensor | None,
        small: int = 0,
    ) -> None:
        """`picture` is (1, C, H, W) in [0, 1], C = 1 or 3.

        `small` pictures to learn from are smaller than the squares.
        """
        super().__init__(slots, players)
        if small:
            self.notes.append(
                f"{small} pictures are smaller than the squares of task.crop and are mirrored at "
                "their borders"
            )
        self.picture = as_rgb(picture)
        self.truth = truth
        self._mean: nn.Module | None = None
        self._count = 0
        self._state: dict[str, Tensor] = {}
        self._translated: Tensor | None = None
        self._side = _TILE if math.prod(self._size) > _LARGEST_WHOLE else None
        self._shown: list[Tensor] = []

    def estimate(self, step: Step) -> Estimate:
        """Return the picture as it is translated now; looked at again every few steps."""
        translator = step.networks[TRANSLATOR]
        if self._mean is None:
            self._mean = copy.deepcopy(translator)
            if self._state:
                self._mean.load_state_dict(self._state)
        if self._translated is None or step.index % _EVERY == 0 or step.last:
            self._count += 1
            decay = min(_DECAY, 1 - 1 / self._count)
            now = translator.state_dict()
            for name, value in self._mean.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(now[name], 1 - decay)
                else:
                    value.copy_(now[name])
            if self._translated is None or step.last or step.index % self._pause(step) == 0:
                self._translated = self._look(self._mean)
        return {self.output: self._translated}

    def wanted(self) -> Iterator[Tensor]:
        """Yield the pictures (1, 3, H, W) whose look is learnt.

        Raises OptionError where nothing is learnt any more.
        """
        raise OptionError("these weights are learnt", "leave task.weights out")

    @property
    def tile_side(self) -> int | None:
        """Side of the tiles in which the picture is translated; None: in one piece."""
        return self._side

    def in_tiles(self, side: int) -> None:
        """Translate the picture in tiles of this side."""
        self._side = side

    def _look(self, translator: nn.Module) -> Tensor:
        if self._side is None or self._side >= max(self._size):
            return translated(translator, self.picture).detach()
        blended = self.tiling(self._side).blended
        note = (
            f"translated in tiles of {self._side}, blended over {blended} pixels: "
            "contrast and colour may differ a little from those of a translation in one piece"
        )
        if note not in self.notes:
            self.notes.append(note)
        return translated_in_tiles(translator, self.picture, self._side)

    def _pause(self, step: Step) -> int:
        """Return the steps between two looks, more where the picture is far larger than a square.

        A look then takes about as long as the steps between.
        """
        pixels = 1 if step.batch is None else step.batch[0].shape[0] * step.batch[0][0, 0].numel()
        looks = math.ceil(self.picture[0, 0].numel() / (6 * pixels * _EVERY))
        return _EVERY * max(1, looks)

    @property
    def _size(self) -> tuple[int, int]:
        height, width = self.picture.shape[-2:]
        return int(height), int(width)

    @property
    def result_size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self._size

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the translated picture."""
        return {self.output: Rendered(estimate[self.output].clamp(0, 1))}

    def measures(self, estimate: Estimate) -> dict[str, float]:
        """Return the PSNR in dB."""
        if self.truth is None:
            return {}
        return {"psnr": psnr(estimate[self.output].clamp(0, 1), self.truth)}

    def weights(self) -> Mapping[str, Tensor]:
        """Return the mean weights, which have made the estimate."""
        if not self.players:
            return {}
        # A fit that is resumed after its last step takes none: they lie where they were loaded.
        return self._state if self._mean is None else self._mean.state_dict()

    def show(self, *rows: Tensor) -> None:
        """Keep squares (B, C, H, W) for the samples: a row is a stage of the same squares."""
        self._shown = [row[:_SHOWN].detach() for row in rows]

    def samples(self) -> Tensor | None:
        """Return the last squares and what they became, a column a square."""
        if not self._shown:
            return None
        rows = [torch.cat(list(row), dim=-1) for row in self._shown]
        return torch.cat(rows, dim=-2)[None]

    def to(self, device: torch.device) -> None:
        """Move the pictures to a device."""
        self.picture = self.picture.to(device)
        if self.truth is not None:
            self.truth = self.truth.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return the mean weights and the picture that they made."""
        state: dict[str, Any] = {"count": self._count}
        if self._mean is not None:
            state["mean"] = dict(self._mean.state_dict())
        if self._translated is not None:
            state["translated"] = self._translated
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with them."""
        device = self.picture.device
        self._count = state["count"]
        self._state = {name: value.to(device) for name, value in state.get("mean", {}).items()}
        self._mean = None
        translated = state.get("translated")
        self._translated = None if translated is None else translated.to(device)


def translated(translator: nn.Module, picture: Tensor) -> Tensor:
    """Return what a network makes of (B, 3, H, W), in the same size.

    A network that works at a fraction of the picture's size sees the mean of what it cannot see.
    Raises OptionError for a network that is no U-Net.
    """
    if not isinstance(translator, UNet):
        raise OptionError("a translator is a U-Net", "take another --arch")
    size = (int(picture.shape[-2]), int(picture.shape[-1]))
    architecture = translator.architecture
    fraction = architecture.working_resolution
    if architecture.encoder is None:
        fraction *= 2**architecture.levels
    if fraction > 1:
        # Whole squares: others would stretch the picture. The network crops as much.
        rows, columns = (-n % fraction for n in size)
        around = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        picture = F.avg_pool2d(F.pad(picture, around, mode="replicate"), fraction)
    return translator.forward(picture, size)


def translated_in_tiles(translator: nn.Module, picture: Tensor, side: int) -> Tensor:
    """Return what a network makes of (1, 3, H, W), one tile at a time.

    Normalisation takes the statistics of a tile, so that neighbours differ by some d where they
    overlap. Blending over v, an eighth of their side, makes of d a slope of d / v a pixel at most.
    """
    tiling = Tiling((int(picture.shape[-2]), int(picture.shape[-1])), side)
    blend = tiling.blend()
    for tile in tiling.tiles:
        part = translated(translator, tile.cut(picture)).detach()
        blend.add(tile, {TRANSLATOR: part})
    return blend.result()[TRANSLATOR].to(picture.device)
