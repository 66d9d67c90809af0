"""What nasdip_searchspaces offers, and that it costs nothing to say so."""

import subprocess
import sys

import pytest

from nasdip_core.hooks import Offer
from nasdip_core.options import fields_of
from nasdip_core.plugins import Plugins, Registration
from nasdip_searchspaces.offers import nasdip_offers

PLUGINS = Plugins.discover()
OFFERS = nasdip_offers()
EXPECTED = {
    "upsampling": "bilinear bicubic nearest depth-to-space transposed-conv carafe gaussian",
    "transform": "conv transposed-conv additive separable depth-wise identity",
    "activation": "none relu leaky-relu selu prelu silu",
    "residual": "offsets matrix same-level none",
    "space": "nas-dip nas-dip-cell nas-dip-pattern nas-dip-free compact",
    "network": "siren fourier-features",
    "architecture": "dip deep-decoder siren fourier-features nas-dip-denoise nas-dip-inpaint "
    "nas-dip-sr fast-denoise fast-inpaint fast-super-resolution balanced-denoise balanced-inpaint "
    "balanced-super-resolution best-denoise best-inpaint best-super-resolution "
    "found-denoise found-inpaint found-super-resolution fast-dehaze fast-separate fast-segment "
    "balanced-dehaze fast-translate balanced-translate balanced-separate balanced-segment "
    "fast-deblur balanced-deblur best-deblur fast-jpeg balanced-jpeg "
    "best-jpeg fast-flash balanced-flash best-flash light-transport balanced-factorize "
    "fast-operator balanced-operator best-operator",
}


def label(offer: Offer) -> str:
    return f"{offer.kind}-{offer.name}"


def registered(offer: Offer) -> Registration:
    return PLUGINS.find(offer.kind, f"nasdip:{offer.name}")


@pytest.mark.parametrize("kind", EXPECTED)
def test_everything_is_offered(kind: str) -> None:
    assert [offer.name for offer in OFFERS if offer.kind == kind] == EXPECTED[kind].split()


def test_listing_never_imports_torch() -> None:
    script = (
        "import sys, nasdip_searchspaces.offers as offers\n"
        "from nasdip_core.plugins import Plugins\n"
        "offers.nasdip_offers()\n"
        "for kind in ('residual', 'space'):\n"
        "    for registration in Plugins.discover().registrations(kind):\n"
        "        registration.resolve(), registration.options()\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("offer", [o for o in OFFERS if o.factory], ids=label)
def test_every_factory_resolves(offer: Offer) -> None:
    assert callable(registered(offer).resolve())


@pytest.mark.parametrize("offer", [o for o in OFFERS if o.resource], ids=label)
def test_every_resource_is_there(offer: Offer) -> None:
    assert registered(offer).resource().is_file()


@pytest.mark.parametrize("offer", [o for o in OFFERS if o.options], ids=label)
def test_every_option_has_a_description(offer: Offer) -> None:
    model = registered(offer).options()
    assert model is not None
    fields = list(fields_of(model))
    assert fields
    assert all(field.meaning for field in fields)


@pytest.mark.parametrize("offer", OFFERS, ids=label)
def test_every_summary_is_one_short_line(offer: Offer) -> None:
    assert 0 < len(offer.summary) <= 80
    assert "\n" not in offer.summary
    assert not offer.summary.endswith(".")
