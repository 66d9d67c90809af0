"""What this package adds; free of torch."""

from nasdip_core.hooks import Offer, hookimpl


@hookimpl
def nasdip_offers() -> list[Offer]:
    """Return what this package adds."""
    return [
        Offer(
            kind="stopping",
            name="held-out",
            summary="least error on a few measurements kept back (Yaman et al., ICLR 2022)",
            factory="nasdip_plugins.stopping.held_out:HeldOut",
            options="nasdip_plugins.stopping.options:HeldOutOptions",
        ),
        Offer(
            kind="stopping",
            name="discrepancy",
            summary="loss that noise alone would leave (Morozov, 1966)",
            factory="nasdip_plugins.stopping.discrepancy:Discrepancy",
            options="nasdip_plugins.stopping.options:DiscrepancyOptions",
        ),
        Offer(
            kind="stopping",
            name="exponential-variance",
            summary="least moving variance of the outputs, O(1) memory (ES-EMV, TMLR 2023)",
            factory="nasdip_plugins.stopping.exponential_variance:ExponentialVariance",
            options="nasdip_plugins.stopping.options:ExponentialVarianceOptions",
        ),
        Offer(
            kind="stopping",
            name="windowed-variance",
            summary="least variance of a window of outputs (ES-WMV, TMLR 2023)",
            factory="nasdip_plugins.stopping.windowed_variance:WindowedVariance",
            options="nasdip_plugins.stopping.options:WindowedVarianceOptions",
        ),
        Offer(
            kind="stopping",
            name="fixed",
            summary="take every step and return the last (Ulyanov et al., CVPR 2018)",
            factory="nasdip_plugins.stopping.fixed:Fixed",
            options="nasdip_plugins.stopping.options:FixedOptions",
        ),
        Offer(
            kind="baseline",
            name="bicubic",
            summary="bicubic upsampling (Keys, 1981)",
            factory="nasdip_plugins.baseline.bicubic:Bicubic",
        ),
        Offer(
            kind="baseline",
            name="lanczos",
            summary="Lanczos-3 upsampling (Duchon, 1979)",
            factory="nasdip_plugins.baseline.lanczos:Lanczos",
        ),
        Offer(
            kind="baseline",
            name="non-local-means",
            summary="non-local means (Buades et al., CVPR 2005)",
            factory="nasdip_plugins.baseline.non_local_means:NonLocalMeans",
        ),
        Offer(
            kind="baseline",
            name="total-variation",
            summary="total-variation denoising (Chambolle, JMIV 2004)",
            factory="nasdip_plugins.baseline.total_variation:TotalVariation",
        ),
        Offer(
            kind="baseline",
            name="wavelet",
            summary="BayesShrink in a Daubechies basis (Chang et al., TIP 2000)",
            factory="nasdip_plugins.baseline.wavelet:Wavelet",
        ),
        Offer(
            kind="refine",
            name="biharmonic",
            summary="biharmonic inpainting, on a pilot of what it lacks (Damelin and Hoang, 2018)",
            factory="nasdip_plugins.refine.biharmonic:Biharmonic",
        ),
        Offer(
            kind="refine",
            name="collaborative",
            summary="Gaussian models of groups of similar patches (NL-Bayes, Lebrun et al., 2013)",
            factory="nasdip_plugins.refine.collaborative:Collaborative",
            options="nasdip_plugins.refine.options:CollaborativeOptions",
        ),
        Offer(
            kind="refine",
            name="back-projection",
            summary="nearest picture that agrees with the measurements (Irani and Peleg, 1991)",
            factory="nasdip_plugins.refine.back_projection:BackProjection",
        ),
        Offer(
            kind="refine",
            name="plug-and-play",
            summary="denoiser as prior of super-resolution (Venkatakrishnan et al., 2013)",
            factory="nasdip_plugins.refine.plug_and_play:PlugAndPlay",
            options="nasdip_plugins.refine.options:PlugAndPlayOptions",
        ),
        Offer(
            kind="metric",
            name="psnr",
            summary="peak signal-to-noise ratio in dB",
            factory="nasdip_plugins.metric.psnr:Psnr",
        ),
        Offer(
            kind="metric",
            name="psnr-y",
            summary="PSNR of the luma without the border, as in super-resolution papers",
            factory="nasdip_plugins.metric.psnr_y:PsnrY",
            options="nasdip_plugins.metric.psnr_y:PsnrYOptions",
        ),
        Offer(
            kind="metric",
            name="ssim",
            summary="structural similarity (Wang et al., TIP 2004)",
            factory="nasdip_plugins.metric.ssim:Ssim",
        ),
        Offer(
            kind="metric",
            name="blur",
            summary="blur without a truth, lower is better (Crete et al., 2007)",
            factory="nasdip_plugins.metric.blur:Blur",
        ),
    ]
