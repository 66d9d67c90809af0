"""A made-up watermark: a word within a ring."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Generator, Tensor

_WORD = "nasdip"


def drawn_mark(picture: Tensor, opacity: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return opacity (1, 1, H, W) and colour (1, C, 1, 1), light or dark, of a mark.

    It lies somewhere about the middle of a picture (1, C, H, W).
    """
    channels, height, width = (int(n) for n in picture.shape[1:])
    draws = torch.rand(channels + 3, generator=generator)
    side = min(height, width)
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    left, top = (
        (0.4 + 0.2 * float(d)) * n for d, n in zip(draws[:2], (width, height), strict=True)
    )
    font = ImageFont.load_default(size=max(4, side // 7))
    draw.text((left, top), _WORD, fill=255, font=font, anchor="mm")
    around = (left - 0.32 * side, top - 0.32 * side, left + 0.32 * side, top + 0.32 * side)
    draw.ellipse(around, outline=255, width=max(1, side // 40))
    matte = torch.from_numpy(np.array(canvas, dtype=np.float32) / 255)
    light = 0.75 if draws[2] < 0.5 else 0.0
    return opacity * matte[None, None], (light + 0.25 * draws[3:]).view(1, channels, 1, 1)
