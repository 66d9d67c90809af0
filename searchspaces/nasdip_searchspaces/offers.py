"""What this package adds; free of torch."""

from nasdip_core.hooks import Offer, hookimpl

# name, factory below this package, summary
UPSAMPLINGS = (
    ("bilinear", "bilinear:Bilinear", "bilinear interpolation"),
    ("bicubic", "bicubic:Bicubic", "bicubic interpolation (Keys, TASSP 1981)"),
    ("nearest", "nearest:Nearest", "nearest neighbour"),
    (
        "depth-to-space",
        "depth_to_space:DepthToSpace",
        "four channels woven into one, pixel shuffle (Shi et al., CVPR 2016)",
    ),
    (
        "transposed-conv",
        "transposed_conv:TransposedConv",
        "learnt transposed convolution of stride 2 (Dumoulin and Visin, 2016)",
    ),
    (
        "carafe",
        "carafe:Carafe",
        "learnt content-aware mean of each neighbourhood (Wang et al., ICCV 2019)",
    ),
    (
        "gaussian",
        "gaussian:Gaussian",
        "zero insertion and a fixed Gaussian filter, kernel >= 3 (Shi et al., IJCV 2022)",
    ),
)

TRANSFORMS = (
    ("conv", "conv:Conv", "convolution without bias"),
    (
        "transposed-conv",
        "transposed_conv:TransposedConv",
        "transposed convolution of stride 1 with bias (NAS-DIP, ECCV 2020)",
    ),
    (
        "additive",
        "additive:Additive",
        "sum of four channel blocks, then a convolution (Wojna et al., BMVC 2017)",
    ),
    (
        "separable",
        "separable:Separable",
        "depth-wise, then 1x1 convolution (Chollet, CVPR 2017)",
    ),
    (
        "depth-wise",
        "depthwise:DepthWise",
        "convolution of each channel alone (Howard et al., MobileNets, 2017)",
    ),
    ("identity", "identity:Identity", "no transform"),
)

ACTIVATIONS = (
    ("none", "none:none", "no activation"),
    ("relu", "relu:relu", "max(0, x) (Nair and Hinton, ICML 2010)"),
    ("leaky-relu", "leaky_relu:leaky_relu", "max(0.2 x, x) (Maas et al., ICML workshop 2013)"),
    ("selu", "selu:selu", "self-normalising exponential unit (Klambauer et al., NeurIPS 2017)"),
    ("prelu", "prelu:prelu", "leaky ReLU with a learnt slope (He et al., ICCV 2015)"),
    ("silu", "silu:silu", "x times its sigmoid, swish (Elfwing et al., Neural Networks 2018)"),
)

SPACES = (
    (
        "nas-dip",
        "nas_dip:NasDip",
        "NasDipOptions",
        "upsampling cell and nine level offsets (NAS-DIP, ECCV 2020)",
    ),
    (
        "nas-dip-cell",
        "nas_dip_cell:NasDipCell",
        "NasDipOptions",
        "upsampling cell alone, in the network of deep image prior",
    ),
    (
        "nas-dip-pattern",
        "nas_dip_pattern:NasDipPattern",
        "NasDipPatternOptions",
        "nine level offsets alone, with a given cell",
    ),
    (
        "nas-dip-free",
        "nas_dip_free:NasDipFree",
        "NasDipOptions",
        "upsampling cell and any connection of five levels",
    ),
)

NETWORKS = (
    (
        "siren",
        "siren:Siren",
        "SirenOptions",
        "sines of the coordinates (Sitzmann et al., NeurIPS 2020)",
    ),
    (
        "fourier-features",
        "fourier_features:FourierFeatures",
        "FourierFeaturesOptions",
        "perceptron on random waves of the coordinates (Tancik et al., NeurIPS 2020)",
    ),
)

ARCHITECTURES = (
    ("dip", "skip network of the deep image prior (Ulyanov et al., CVPR 2018)"),
    ("deep-decoder", "decoder of 1x1 convolutions alone (Heckel and Hand, ICLR 2019)"),
    ("siren", "sines of the coordinates, no convolution (Sitzmann et al., NeurIPS 2020)"),
    (
        "fourier-features",
        "random waves of the coordinates, no convolution (Tancik et al., NeurIPS 2020)",
    ),
    ("nas-dip-denoise", "network found for denoising (NAS-DIP, ECCV 2020)"),
    ("nas-dip-inpaint", "network found for inpainting (NAS-DIP, ECCV 2020)"),
    ("nas-dip-sr", "network found for super-resolution (NAS-DIP, ECCV 2020)"),
    ("fast-denoise", "half-resolution network for denoising in seconds on a CPU (nasdip)"),
    (
        "fast-inpaint",
        "half-resolution network for inpainting in seconds on a CPU (nasdip)",
    ),
    (
        "fast-super-resolution",
        "half-resolution network for super-resolution in seconds on a CPU (nasdip)",
    ),
    ("balanced-denoise", "half-resolution network for denoising in a minute on a CPU (nasdip)"),
    (
        "balanced-inpaint",
        "half-resolution network for inpainting in a minute on a CPU (nasdip)",
    ),
    (
        "balanced-super-resolution",
        "half-resolution network for super-resolution in a minute on a CPU (nasdip)",
    ),
    ("best-denoise", "several fits and a filter for denoising in minutes on a CPU (nasdip)"),
    ("best-inpaint", "several fits and a filter for inpainting in minutes on a CPU (nasdip)"),
    (
        "best-super-resolution",
        "several fits and a filter for super-resolution in minutes on a CPU (nasdip)",
    ),
    ("found-denoise", "network found for denoising by a search of nasdip"),
    ("found-inpaint", "network found for scattered missing pixels by a search of nasdip"),
    ("found-super-resolution", "network found for super-resolution by a search of nasdip"),
    ("fast-dehaze", "coupled networks for dehazing in seconds on a CPU (nasdip)"),
    ("fast-separate", "coupled networks for separating layers in seconds on a CPU (nasdip)"),
    ("fast-segment", "coupled networks for segmentation in seconds on a CPU (nasdip)"),
    ("balanced-dehaze", "coupled networks for dehazing in a minute on a CPU (nasdip)"),
    ("fast-translate", "slim network for a first look at a translation (nasdip)"),
    ("balanced-translate", "four levels for translation in some ten minutes on a CPU (nasdip)"),
    ("balanced-separate", "coupled networks for separating layers in a minute on a CPU (nasdip)"),
    ("balanced-segment", "coupled networks for segmentation in a minute on a CPU (nasdip)"),
    ("fast-deblur", "a short fit for deblurring in seconds on a CPU (nasdip)"),
    ("balanced-deblur", "averaged fits for deblurring in a minute on a CPU (nasdip)"),
    ("best-deblur", "averaged fits for deblurring in minutes on a CPU (nasdip)"),
    ("fast-jpeg", "a short fit for removing JPEG artefacts in seconds on a CPU (nasdip)"),
    ("balanced-jpeg", "averaged fits for removing JPEG artefacts in a minute on a CPU (nasdip)"),
    ("best-jpeg", "averaged fits for removing JPEG artefacts in minutes on a CPU (nasdip)"),
    ("fast-flash", "a short fit for flash pairs in seconds on a CPU (nasdip)"),
    ("balanced-flash", "averaged fits for flash pairs in a minute on a CPU (nasdip)"),
    ("best-flash", "averaged fits for flash pairs in minutes on a CPU (nasdip)"),
    ("light-transport", "decoder for factors that are pictures, as in light transport (nasdip)"),
    ("balanced-factorize", "two networks for the factors of a matrix in minutes on a CPU (nasdip)"),
    ("fast-operator", "a short fit for any measurement in seconds on a CPU (nasdip)"),
    ("balanced-operator", "averaged fits for any measurement in a minute on a CPU (nasdip)"),
    ("best-operator", "averaged fits for any measurement in minutes on a CPU (nasdip)"),
)


@hookimpl
def nasdip_offers() -> list[Offer]:
    """Return what this package adds."""
    return [
        *_ops("upsampling", UPSAMPLINGS),
        *_ops("transform", TRANSFORMS),
        *_ops("activation", ACTIVATIONS),
        Offer(
            kind="residual",
            name="offsets",
            summary="the same level offsets for every decoder level (NAS-DIP, ECCV 2020)",
            factory="nasdip_searchspaces.residual.offsets:pattern",
            options="nasdip_searchspaces.residual.offsets:OffsetsOptions",
        ),
        Offer(
            kind="residual",
            name="matrix",
            summary="any levels x levels matrix, written out (NAS-DIP, ECCV 2020)",
            factory="nasdip_searchspaces.residual.matrix:pattern",
            options="nasdip_searchspaces.residual.matrix:MatrixOptions",
        ),
        Offer(
            kind="residual",
            name="same-level",
            summary="every level to itself (U-Net, Ronneberger et al., MICCAI 2015)",
            factory="nasdip_searchspaces.residual.same_level:pattern",
        ),
        Offer(
            kind="residual",
            name="none",
            summary="no connections",
            factory="nasdip_searchspaces.residual.none:pattern",
        ),
        *_with_options("space", SPACES),
        Offer(
            kind="space",
            name="compact",
            summary="small networks as the presets are: depth, widths, skips, cell, input (nasdip)",
            factory="nasdip_searchspaces.space.compact:Compact",
        ),
        *_with_options("network", NETWORKS),
        *(
            Offer(
                kind="architecture",
                name=name,
                summary=summary,
                resource=f"nasdip_searchspaces.zoo:{name}.yaml",
            )
            for name, summary in ARCHITECTURES
        ),
    ]


def _ops(kind: str, ops: tuple[tuple[str, str, str], ...]) -> list[Offer]:
    return [
        Offer(kind, name, summary, factory=f"nasdip_searchspaces.{kind}.{factory}")
        for name, factory, summary in ops
    ]


def _with_options(kind: str, offered: tuple[tuple[str, str, str, str], ...]) -> list[Offer]:
    home = f"nasdip_searchspaces.{kind}"
    return [
        Offer(kind, name, summary, f"{home}.{factory}", options=f"{home}.options:{options}")
        for name, factory, options, summary in offered
    ]
