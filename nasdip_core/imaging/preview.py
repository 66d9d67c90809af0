"""A picture of any kind as an 8-bit PNG that any browser shows."""

import io

import numpy as np
from PIL import Image

from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack


def preview_png(picture: Picture, longest: int) -> bytes:
    """Return a PNG of at most `longest` pixels a side: RGB or grey, with alpha and ICC profile."""
    image = _shown(picture)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # A profile of inks says nothing about the RGB that stands for them here.
    icc = None if picture.kind.model == "cmyk" else picture.kind.icc
    image.save(buffer, "PNG", icc_profile=icc)
    return buffer.getvalue()


def _shown(picture: Picture) -> Image.Image:
    """Return an 8-bit image: CMYK as RGB, of two channels the first, of many the first three.

    Gaps (NaN) are black.
    """
    if isinstance(picture, Stack):
        picture = picture.middle
    samples = (
        (picture.tensor()[0].nan_to_num().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    )  # (H, W, C)
    channels = samples.shape[2]
    if picture.kind.model == "cmyk":
        size = (picture.width, picture.height)
        image = Image.frombytes("CMYK", size, samples.tobytes()).convert("RGB")
    elif channels < 3:
        image = Image.fromarray(samples[..., 0])
    else:
        image = Image.fromarray(np.ascontiguousarray(samples[..., :3]))
    alpha = picture.alpha_tensor()
    if alpha is not None:
        image.putalpha(Image.fromarray((alpha[0, 0] * 255).round().byte().numpy()))
    return image
