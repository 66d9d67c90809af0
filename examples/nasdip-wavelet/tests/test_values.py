"""What the parts compute."""

from collections.abc import Callable

import torch
from nasdip_wavelet import offers
from nasdip_wavelet.dyadic import pattern
from nasdip_wavelet.haar import InverseHaar
from nasdip_wavelet.starlet import Starlet

from nasdip_core import Plugins
from nasdip_core.pipeline.restore import Restored


def test_haar_is_orthonormal() -> None:
    module = InverseHaar(8, kernel=3, dilation=1)
    coefficients = torch.randn(1, 8, 3, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module(coefficients).norm(), coefficients.norm())


def test_haar_of_a_mean_repeats_it_and_of_a_detail_is_a_step() -> None:
    module = InverseHaar(4, kernel=3, dilation=1)
    mean = torch.tensor([2.0, 0.0, 0.0, 0.0])[None, :, None, None]
    assert module(mean)[0, 0].tolist() == [[1, 1], [1, 1]]
    horizontal = torch.tensor([0.0, 2.0, 0.0, 0.0])[None, :, None, None]
    assert module(horizontal)[0, 0].tolist() == [[1, -1], [1, -1]]


def test_dyadic_leaves_out_three() -> None:
    assert pattern(5, reach=4)[0] == [True, True, True, False, True]
    assert pattern(3, reach=1)[0] == [True, True, False]


def test_starlet_keeps_ramps_within_and_means_of_constants() -> None:
    smooth = Starlet((32, 32), planes=2)
    ramp = torch.arange(32.0).expand(1, 1, 32, 32).clone()
    torch.testing.assert_close(smooth.forward(ramp)[..., 8:24], ramp[..., 8:24])
    flat = torch.ones(1, 1, 32, 32)
    torch.testing.assert_close(smooth.forward(flat), flat)


def test_a_point_becomes_the_spline() -> None:
    point = torch.zeros(1, 1, 9, 9)
    point[..., 4, 4] = 256
    assert Starlet((9, 9), planes=1).forward(point)[0, 0, 4, 2:7].tolist() == [6, 24, 36, 24, 6]


def test_a_picture_is_restored(
    nasdip_plugins: Plugins, nasdip_fit: Callable[..., Restored]
) -> None:
    assert nasdip_plugins.add(offers, "wavelet", "nasdip-wavelet").state == "loaded"
    restored = nasdip_fit(
        "starlet", arch="wavelet-net", options={"corrupt.planes": 1, "fit.steps": 4}
    )
    assert restored.result["architecture"] == "wavelet-net"
    assert restored.quality is not None
    assert restored.picture.colour.shape == (24, 32, 3)
