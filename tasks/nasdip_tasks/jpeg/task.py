"""JPEG artefacts: any picture whose coding gives the decoded one could be the original."""

import io

import torch
from PIL import Image
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.kinds import Coding
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.jpeg.options import JpegCorruption, JpegOptions
from nasdip_tasks.operators.codec import Codec

_CLOSENESS = 0.2
"""Without, a fit fills the coded intervals with noise; with 1 it is one of plain denoising."""


class Jpeg(Task[JpegOptions, JpegCorruption]):
    """Removes the artefacts of JPEG: y = codec(x), with the quantisation that was used."""

    def problem(self, inputs: Inputs, options: JpegOptions, generator: torch.Generator) -> Problem:
        """Return the fit through the codec.

        Raises PictureError where nothing tells the quantisation, for other than grey or RGB, and
        for a file without luma and chroma.
        """
        picture, coding = inputs.picture, inputs.coding
        if picture.shape[1] not in (1, 3):
            raise PictureError(f"a picture of {picture.shape[1]} channels is no JPEG", "use RGB")
        if options.quality is not None:
            grey = picture.shape[1] == 1
            coding = picture_of(_coded(picture[..., :1, :1], options.quality)).kind.coding
            assert coding is not None
            coding = Coding(coding.tables, (1, 1) if grey else (2, 2))
        if coding is None:
            raise PictureError(
                "the file does not say how it was coded: it is no JPEG, or was turned",
                "say -S task.quality=NUMBER",
            )
        if coding.as_rgb:
            raise PictureError(
                "the file codes red, green and blue as they are",
                "only JPEG of luma and chroma, which most are, can be served",
            )
        return RestorationProblem(
            picture,
            operator=Codec(coding),
            truth=inputs.truth,
            levels=inputs.levels,
            closeness=_CLOSENESS,
        )

    def corrupt(
        self, truth: Tensor, options: JpegCorruption, generator: torch.Generator
    ) -> Damaged:
        """Code and decode. Raises PictureError for other than grey or RGB."""
        if truth.shape[1] not in (1, 3):
            raise PictureError(f"a picture of {truth.shape[1]} channels is no JPEG", "use RGB")
        return Damaged(picture_of(_coded(truth, options.quality)).tensor(), truth)


def _coded(picture: Tensor, quality: int) -> Image.Image:
    """Return (1, C, H, W) in [0, 1] as a JPEG file of 4:2:0, opened."""
    samples = (picture[0] * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:2:0")
    file.seek(0)
    return Image.open(file)
