"""Biharmonic inpainting, of a picture or of what a pilot lacks."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.refine import Refine

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class Biharmonic(Refine):
    """x + B (y - x): what a pilot x misses of the known pixels is continued into the missing ones.

    B solves the biharmonic equation (Damelin, Hoang, "On surface completion and image inpainting
    by biharmonic functions", 2018). Without a pilot x = 0, and this is plain biharmonic
    inpainting; with one, its seams and its wrong colours are gone, and its structure stays.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"inpaint"})

    def refine(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        """Return (1, C, H, W), its fitted pixels unchanged."""
        import torch

        base = torch.zeros_like(problem.measured) if pilot is None else pilot
        if not bool(problem.fitted.any()):
            return torch.full_like(base, 0.5) if pilot is None else base
        lacking = torch.where(problem.fitted, problem.measured - base, 0)
        missing = ~problem.fitted[0, 0]
        if not bool(missing.any()):
            return problem.measured.clone()
        continued = _continued(lacking[0].cpu().numpy(), missing.cpu().numpy())
        found = base + torch.from_numpy(continued)[None].to(base)
        return torch.where(problem.fitted, problem.measured, found).clamp(0, 1)


def _continued(picture: "np.ndarray", missing: "np.ndarray") -> "np.ndarray":
    """Return a picture (C, H, W) of any range, continued into what is missing (H, W)."""
    import numpy as np
    from skimage.restoration import inpaint_biharmonic

    # scikit-image clips to the range of the known samples, and works on numbers in [0, 1].
    low, high = float(picture.min()), float(picture.max())
    scale = max(high - low, 1e-6)
    unit = ((picture - low) / scale).astype(np.float64)

    def solve(*, regions: bool) -> "np.ndarray":
        solved: np.ndarray = inpaint_biharmonic(
            unit, missing, split_into_regions=regions, channel_axis=0
        )
        return solved

    try:
        # One system of equations is far quicker than thousands of them for scattered pixels,
        solved = solve(regions=False)
    except ValueError:
        # but scikit-image reaches beyond its border on some masks of strokes.
        solved = solve(regions=True)
    return np.asarray(solved * scale + low, dtype=np.float32)
