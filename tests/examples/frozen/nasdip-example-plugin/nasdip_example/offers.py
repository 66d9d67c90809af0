"""What this package adds (torch-free)."""

from nasdip_core import Offer, hookimpl

API = (1, 0)
"""The contract that this package was made for; a nasdip with another one lists it, unused."""


@hookimpl
def nasdip_offers() -> list[Offer]:
    """Return what this package adds."""
    return [
        Offer(
            kind="upsampling",
            name="sub-pixel-conv",
            summary="learnt convolution to four channels woven into one (Shi et al., CVPR 2016)",
            factory="nasdip_example.sub_pixel_conv:SubPixelConv",
            api=API,
        ),
        Offer(
            kind="residual",
            name="band",
            summary="every level to itself and its nearest neighbours",
            factory="nasdip_example.band:pattern",
            options="nasdip_example.options:BandOptions",
            api=API,
        ),
        Offer(
            kind="architecture",
            name="band-net",
            summary="small half-resolution network with band connections",
            resource="nasdip_example:band-net.yaml",
            api=API,
        ),
        Offer(
            kind="task",
            name="deblur",
            summary="Undo a Gaussian blur of known width",
            factory="nasdip_example.deblur:Deblur",
            options="nasdip_example.options:DeblurOptions",
            api=API,
        ),
        Offer(
            kind="stopping",
            name="settled",
            summary="end when the averaged picture hardly changes any more",
            factory="nasdip_example.settled:Settled",
            options="nasdip_example.options:SettledOptions",
            api=API,
        ),
    ]
