"""Features by a trained network from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from nasdip_core.errors import OptionError
from nasdip_core.features import Features
from nasdip_core.options import Options

if TYPE_CHECKING:
    from torch import Tensor


class ExportedOptions(Options):
    """The network."""

    file: str = Field(
        description="network from (1, 3, H, W) in [0, 1] to (1, D), as torch.export.save writes it"
    )
    size: int | None = Field(
        default=None, ge=8, le=2048, description="side that pictures are resized to; none: theirs"
    )

    def located(self, base: Path) -> Self:
        """Return the options with the file looked for in a folder."""
        return self.model_copy(update={"file": str((base / self.file).absolute())})


class Exported(Features):
    """What a network says of a picture: with Inception's last pooling, the usual FID and KID.

    Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium", NeurIPS 2017.
    """

    def __init__(self, *, file: str, size: int | None = None) -> None:
        self._file = file
        self._size = size
        self._network: Any = None

    def describe(self, pictures: "Tensor") -> "Tensor":
        """Return the network's answers. Raises OptionError where the file is no such network."""
        import torch
        import torch.nn.functional as F

        if self._network is None:
            self._network = self._load()
        if self._size is not None:
            size = [self._size, self._size]
            pictures = F.interpolate(pictures, size, mode="bilinear", antialias=True)
        try:
            with torch.no_grad():
                answers = [self._network(picture[None]) for picture in pictures]
        except (RuntimeError, ValueError, AssertionError) as error:
            raise self._useless(error) from None
        for answer in answers:
            if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != 1:
                form = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer)
                raise OptionError(f"the network '{self._file}' answers {form}; (1, D) is needed")
        return torch.cat(answers).float()

    def _load(self) -> Any:
        import torch

        try:
            return torch.export.load(self._file).module()
        # Whatever its parts raise for a file that is missing, damaged or something else.
        except Exception as error:
            raise self._useless(error) from None

    def _useless(self, error: Exception) -> OptionError:
        detail = " ".join(str(error).split())
        return OptionError(f"the network '{self._file}' cannot be used: {detail:.200}")
