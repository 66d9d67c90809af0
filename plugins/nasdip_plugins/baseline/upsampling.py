"""What the upsampling baselines share: Pillow's separable resampling."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Resampling
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


def resized(problem: "RestorationProblem", kernel: "Resampling") -> "Tensor":
    """Return the measurements (1, C, h, w) resampled to the size of the picture (1, C, H, W)."""
    return resampled(problem.measured, problem.size, kernel)


def resampled(picture: "Tensor", size: tuple[int, int], kernel: "Resampling") -> "Tensor":
    """Return (1, C, H, W) of (1, C, h, w), with `size` (H, W)."""
    import numpy as np
    import torch
    from PIL import Image

    height, width = size
    channels = [
        np.asarray(Image.fromarray(channel).resize((width, height), kernel))
        for channel in picture[0].numpy()
    ]
    return torch.from_numpy(np.stack(channels))[None]
