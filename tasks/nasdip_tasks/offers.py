"""What this package adds: the restoration tasks and their operators."""

from nasdip_core.hooks import Offer, hookimpl


@hookimpl
def nasdip_offers() -> list[Offer]:
    """Return the tasks and operators."""
    return [
        Offer(
            kind="task",
            name="inpaint",
            summary="Fill what is missing: scratches, text, holes, dead pixels",
            factory="nasdip_tasks.inpaint.task:Inpaint",
            options="nasdip_tasks.inpaint.options:InpaintOptions",
        ),
        Offer(
            kind="task",
            name="denoise",
            summary="Remove Gaussian, Poisson-Gaussian or salt-and-pepper noise",
            factory="nasdip_tasks.denoise.task:Denoise",
            options="nasdip_tasks.denoise.options:DenoiseOptions",
        ),
        Offer(
            kind="task",
            name="super-resolution",
            summary="Enlarge by an integer factor, consistent with the small picture",
            factory="nasdip_tasks.super_resolution.task:SuperResolution",
            options="nasdip_tasks.super_resolution.options:SuperResolutionOptions",
        ),
        Offer(
            kind="baseline",
            name="colour-transfer",
            summary="means and deviations of the wanted colours (Reinhard et al., 2001)",
            factory="nasdip_tasks.translate.colour_transfer:ColourTransfer",
        ),
        Offer(
            kind="task",
            name="deblur",
            summary="Sharpen what is blurred alike everywhere, by a known or unknown kernel",
            factory="nasdip_tasks.deblur.task:Deblur",
            options="nasdip_tasks.deblur.options:DeblurOptions",
        ),
        Offer(
            kind="task",
            name="jpeg",
            summary="Remove the artefacts of JPEG, through the codec",
            factory="nasdip_tasks.jpeg.task:Jpeg",
            options="nasdip_tasks.jpeg.options:JpegOptions",
        ),
        Offer(
            kind="task",
            name="flash",
            summary="Clean a noisy picture with the help of one taken with flash",
            factory="nasdip_tasks.flash.task:Flash",
            options="nasdip_tasks.flash.options:FlashOptions",
        ),
        Offer(
            kind="task",
            name="operator",
            summary="Restore from what any operator has measured",
            factory="nasdip_tasks.operator.task:AnyOperator",
            options="nasdip_tasks.operator.options:OperatorOptions",
        ),
        Offer(
            kind="task",
            name="dehaze",
            summary="Remove haze: scene, transmission and air-light",
            factory="nasdip_tasks.dehaze.task:Dehaze",
            options="nasdip_tasks.dehaze.options:DehazeOptions",
        ),
        Offer(
            kind="task",
            name="separate",
            summary="Take apart pictures that lie over one another, or a watermark and pictures",
            factory="nasdip_tasks.separate.task:Separate",
            options="nasdip_tasks.separate.options:SeparateOptions",
        ),
        Offer(
            kind="task",
            name="segment",
            summary="Tell foreground from background",
            factory="nasdip_tasks.segment.task:Segment",
            options="nasdip_tasks.segment.options:SegmentOptions",
        ),
        Offer(
            kind="operator",
            name="compressed-sensing",
            summary="Structurally random matrix (Do et al. 2012)",
            factory="nasdip_tasks.operators.compressed_sensing:CompressedSensing",
            options="nasdip_tasks.operators.options:CompressedSensingOptions",
        ),
        Offer(
            kind="operator",
            name="fourier",
            summary="Rows of the Fourier transform, as in MRI (Lustig et al. 2007)",
            factory="nasdip_tasks.operators.fourier:Fourier",
            options="nasdip_tasks.operators.options:FourierOptions",
        ),
        Offer(
            kind="task",
            name="factorize",
            summary="Find two factors of a matrix, cube or stack of frames, and what is missing",
            factory="nasdip_tasks.factorize.task:Factorize",
            options="nasdip_tasks.factorize.options:FactorizeOptions",
        ),
        Offer(
            kind="task",
            name="translate",
            summary="Translate pictures from one look to another, learnt from sets, pairs or one",
            factory="nasdip_tasks.translate.task:Translate",
            options="nasdip_tasks.translate.options:TranslateOptions",
        ),
        Offer(
            kind="operator",
            name="lanczos",
            summary="Antialiased Lanczos-3 downsampling (Duchon 1979)",
            factory="nasdip_tasks.operators.lanczos:LanczosDownsampling",
            options="nasdip_tasks.operators.options:DownsamplingOptions",
        ),
        Offer(
            kind="operator",
            name="bicubic",
            summary="Antialiased bicubic downsampling, a = -0.5 (Keys 1981)",
            factory="nasdip_tasks.operators.bicubic:BicubicDownsampling",
            options="nasdip_tasks.operators.options:DownsamplingOptions",
        ),
        Offer(
            kind="operator",
            name="area",
            summary="Mean of the samples that one pixel covers",
            factory="nasdip_tasks.operators.area:AreaDownsampling",
            options="nasdip_tasks.operators.options:DownsamplingOptions",
        ),
    ]
