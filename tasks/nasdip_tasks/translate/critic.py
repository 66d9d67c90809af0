"""A critic of squares: does each part of a picture look as it should?"""

from torch import Tensor, nn


class PatchCritic(nn.Module):
    """Maps (B, C, H, W) to (B, 1, about H / 8, about W / 8): 1 for what looks right, else 0.

    The 70 x 70 PatchGAN of Isola et al., "Image-to-image translation with conditional adversarial
    networks", CVPR 2017, appendix, with instance norm as in CycleGAN.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for i in range(3):
            inputs, outputs = (min(8, 2**n) * width for n in (i, i + 1))
            stride = 2 if i < 2 else 1
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride, 1),
                nn.InstanceNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        layers.append(nn.Conv2d(outputs, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.02)

    def forward(self, picture: Tensor) -> Tensor:
        """Return how right each part looks."""
        judged: Tensor = self.layers(2 * picture - 1)
        return judged
