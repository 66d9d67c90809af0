"""What this package adds (torch-free)."""

from nasdip_core import Offer, hookimpl


@hookimpl
def nasdip_offers() -> list[Offer]:
    """Return what this package adds."""
    return [
        Offer(
            kind="upsampling",
            name="haar",
            summary="four channels as Haar coefficients of one (Haar, 1910)",
            factory="nasdip_wavelet.haar:InverseHaar",
        ),
        Offer(
            kind="residual",
            name="dyadic",
            summary="connections over 0, 1, 2, 4, ... levels",
            factory="nasdip_wavelet.dyadic:pattern",
            options="nasdip_wavelet.options:DyadicOptions",
        ),
        Offer(
            kind="architecture",
            name="wavelet-net",
            summary="small half-resolution network with Haar upsampling and dyadic connections",
            resource="nasdip_wavelet:wavelet-net.yaml",
        ),
        Offer(
            kind="task",
            name="starlet",
            summary="Bring back the finest wavelet planes of a picture",
            factory="nasdip_wavelet.task:StarletTask",
            options="nasdip_wavelet.options:StarletOptions",
        ),
        Offer(
            kind="strategy",
            name="octaves",
            summary="the best so far with half as many decisions drawn anew every octave",
            factory="nasdip_wavelet.octaves:Octaves",
            options="nasdip_wavelet.options:OctavesOptions",
        ),
    ]
