"""Dehazing by the dark channel prior."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.mixture import MixtureProblem

_WINDOW = 15


class DarkChannel(Baseline["MixtureProblem"]):
    """J = (I - A) / max(t, 0.1) + A, t = 1 - 0.95 dark(I / A), window 15, refined by the guide I.

    He, Sun, Tang, "Single image haze removal using dark channel prior", TPAMI 2011, and "Guided
    image filtering", TPAMI 2013.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"dehaze"})

    def restore(self, problem: "MixtureProblem") -> "Tensor":
        """Return the scene (1, C, H, W)."""
        from nasdip_core.imaging.dark_channel import air_light, scene, transmission

        picture = problem.measured
        air = air_light(picture, _WINDOW)
        return scene(picture, transmission(picture, air, _WINDOW), air)
