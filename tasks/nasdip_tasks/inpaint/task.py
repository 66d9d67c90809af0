"""Inpainting: y = m * x, the known samples m come back unchanged (Ulyanov et al. 2018, eq. 5)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.inpaint import masks
from nasdip_tasks.inpaint.options import NEAR, InpaintCorruption, InpaintOptions

_MOST = 0.9
"""A mask that takes more than this is more likely to be meant the other way round."""


class Inpaint(Task[InpaintOptions, InpaintCorruption]):
    """Fills missing pixels; the known ones are copied."""

    def problem(
        self, inputs: Inputs, options: InpaintOptions, generator: torch.Generator
    ) -> Problem:
        """Return the masked fit.

        Raises PictureError where nothing, or everything, is missing; OptionError for a colour
        that no sample of the picture can have, or a mask to invert that is not there.
        """
        missing, alpha = self._missing(inputs, options)
        missing = _grown(missing, options.grow_mask)
        for refused, marks in ((~missing.any(), "nothing"), (missing.all(), "every pixel")):
            if refused:
                raise PictureError(f"{marks} is marked as missing", _hint(inputs, options))
        problem = RestorationProblem(
            # What is missing may be any number.
            inputs.picture.clamp(0, 1),
            known=~missing,
            truth=inputs.truth,
            levels=inputs.levels,
            copy_known=True,
            alpha=alpha,
        )
        share = float(missing.float().mean())
        if share > _MOST and inputs.mask is not None and not inputs.damaged:
            problem.notes.append(f"{share:.0%} of the pixels are missing; {_hint(inputs, options)}")
        return problem

    def corrupt(
        self, truth: Tensor, options: InpaintCorruption, generator: torch.Generator
    ) -> Damaged:
        """Paint over what the generated mask marks: strokes in white, lost pixels in black."""
        size = (int(truth.shape[-2]), int(truth.shape[-1]))
        kind = options.kind or ("text" if options.missing is None else "bernoulli")
        if options.missing is not None and kind != "bernoulli":
            raise OptionError(f"corrupt.missing does not apply to corrupt.kind = '{kind}'")
        colour = 1.0
        match kind:
            case "text":
                missing = masks.text(size, generator)
            case "scratches":
                missing = masks.scratches(size, generator)
            case "box":
                missing, colour = masks.box(size, generator), 0.0
            case "bernoulli":
                share = 0.5 if options.missing is None else options.missing
                # Other pixels in every frame of a stack.
                frames = [masks.bernoulli(size, share, generator) for _ in truth]
                missing, colour = torch.cat(frames), 0.0
        return Damaged(truth.masked_fill(missing, colour), truth, missing)

    def _missing(self, inputs: Inputs, options: InpaintOptions) -> tuple[Tensor, Tensor | None]:
        """Return what is missing, from mask, colour or transparency, and the new opacity."""
        found: Tensor | None = None
        if options.invert_mask and inputs.mask is None:
            raise OptionError("task.invert_mask without a mask", "give --mask MASK")
        if inputs.mask is not None:
            found = inputs.mask >= 0.5
            if options.invert_mask:
                found = ~found
        low, peak = ((inputs.levels or 1) * sample for sample in inputs.range)
        samples = options.missing_samples(low, peak)
        if samples is not None:
            marked = self._of_colour(inputs, samples, low, peak)
            found = marked if found is None else found | marked
        if found is not None:
            return found, None
        # Colour that is stored multiplied by alpha is dark at a soft edge.
        least = 1.0 if inputs.premultiplied else 0.5
        if inputs.alpha is not None and bool((inputs.alpha < least).any()):
            return inputs.alpha < least, torch.ones_like(inputs.alpha)
        raise PictureError(
            "nothing says what is missing",
            "give --mask MASK, -S task.missing_colour=COLOUR, a picture with a transparent "
            "region, or -S corrupt.kind=text to damage a clean picture",
        )

    def _of_colour(
        self, inputs: Inputs, samples: tuple[float, ...], low: float, peak: float
    ) -> Tensor:
        channels = int(inputs.picture.shape[1])
        if channels == 1 and len(set(samples)) == 1:
            samples = samples[:1]
        if len(samples) != channels:
            raise OptionError(
                f"task.missing_colour has {len(samples)} samples, the picture {channels} channels"
            )
        # Half a level on either side is the same integer sample; floats must agree to six digits.
        colour = (torch.tensor(samples, dtype=torch.float64) - low) / (peak - low)
        near = NEAR * colour.abs().clamp(min=1)
        if inputs.levels is not None:
            near = torch.full_like(colour, 0.5 / inputs.levels)
        off, near = (each.to(inputs.picture).view(1, -1, 1, 1) for each in (colour, near))
        marked = ((inputs.picture - off).abs() < near).all(dim=1, keepdim=True)
        beyond = bool(((colour < 0) | (colour > 1)).any())
        # Floats that mark what is missing may lie beyond the others.
        if beyond and not marked.any():
            raise OptionError(
                f"task.missing_colour is '{','.join(f'{sample:g}' for sample in samples)}', "
                f"the samples of the picture go from {low:g} to {peak:g}"
            )
        return marked


def _grown(missing: Tensor, pixels: int) -> Tensor:
    """Return what is missing or at most `pixels` rows and columns from it: a square's reach."""
    reach = 2 * pixels + 1
    rows = F.max_pool2d(missing.float(), (reach, 1), stride=1, padding=(pixels, 0))
    return F.max_pool2d(rows, (1, reach), stride=1, padding=(0, pixels)) > 0


def _hint(inputs: Inputs, options: InpaintOptions) -> str | None:
    if inputs.damaged:
        return None
    if inputs.mask is not None:
        brightest = float(inputs.mask.max())
        if 0 < brightest < 0.5:  # labels 0 and 1, say
            return (
                f"white is missing, and the brightest of the mask is {255 * brightest:.0f} of 255"
            )
        return "white is missing; to reverse it: -S task.invert_mask=true"
    if options.missing_colour is not None:
        return f"see task.missing_colour = '{options.missing_colour}'"
    return "transparent pixels are missing; or give --mask MASK"
