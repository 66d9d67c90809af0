"""What a `features` plugin has to do."""

import torch
from torch import Tensor

from nasdip_core.features import Features
from nasdip_core.testing.module import picture


class FeaturesConformance:
    """Inherit, and return your features from the fixture `features`."""

    size = (64, 64)
    """Height and width that the features take."""

    def _set(self, count: int) -> Tensor:
        pictures = [picture(1, 3, *self.size) * (0.4 + 0.5 * i / count) for i in range(count)]
        return torch.cat(pictures).clamp(0, 1)

    def test_describes_every_picture(self, features: Features) -> None:
        """A row of finite numbers a picture, as many for each set."""
        several = features.describe(self._set(3))
        assert several.ndim == 2
        assert several.shape[0] == 3
        assert several.isfinite().all()
        assert not several.requires_grad
        assert features.describe(self._set(1)).shape == (1, several.shape[1])

    def test_pictures_are_described_one_by_one(self, features: Features) -> None:
        """Whatever else is in the set."""
        pictures = self._set(3)
        together = features.describe(pictures)
        for i in range(3):
            assert torch.allclose(features.describe(pictures[i : i + 1])[0], together[i], atol=1e-4)

    def test_tells_pictures_apart(self, features: Features) -> None:
        """Other colours and other detail are other numbers."""
        first = self._set(1)
        seen = features.describe(first)
        assert not torch.allclose(features.describe(1 - first), seen, atol=1e-3)
        blurred = torch.nn.functional.avg_pool2d(first, 9, 1, 4, count_include_pad=False)
        assert not torch.allclose(features.describe(blurred), seen, atol=1e-3)

    def test_leaves_what_it_sees_alone(self, features: Features) -> None:
        """Nothing is changed or drawn: twice, the same."""
        pictures, state = self._set(2), torch.get_rng_state()
        before = pictures.clone()
        first = features.describe(pictures)
        assert torch.equal(features.describe(pictures), first)
        assert torch.equal(pictures, before)
        assert torch.equal(torch.get_rng_state(), state)
