"""How far sets of pictures are from another set: is the look met?"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import PictureError
from nasdip_core.features import Features
from nasdip_core.files import whole_file
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.read import read_picture
from nasdip_core.step import Step, StepContext

_AT_ONCE = 16


class Distance(Step):
    """Compares what features say of folders of pictures with what they say of the target."""

    def __init__(
        self, *, pictures: dict[str, str], target: str, features: Use, crop: int | None
    ) -> None:
        self._pictures = pictures
        self._target = target
        self._features = features
        self._crop = crop

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Write `distance.json`. Raises PictureError where a folder holds too little."""
        features = self._made(context)
        target = self._described(context.path(self._target), features)
        found = {}
        for caption, folder in self._pictures.items():
            seen = self._described(context.path(folder), features)
            frechet, kernel = frechet_distance(seen, target), kernel_distance(seen, target)
            found[caption] = {"frechet": frechet, "kernel": kernel, "described": len(seen)}
            context.say(f"{caption}: frechet {frechet:.4f}, kernel {kernel:.5f}")
        table = context.folder / "distance.json"
        with whole_file(table) as draft:
            content = {"schema": "nasdip.distance/1", "target": len(target), "sets": found}
            draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return {"table": str(table)}

    def _made(self, context: StepContext) -> Features:
        registration = context.plugins.find("features", self._features.uses)
        given = self._features.with_
        features: Features = registration.made(given, "features.with", base=context.base)
        return features

    def _described(self, folder: Path, features: Features) -> Tensor:
        """Return (N, D) in double precision of a folder's pictures, or of their squares."""
        if not folder.is_dir():
            raise PictureError(f"'{folder}' is no folder")
        rows = []
        for path in pictures_in(folder):
            picture = read_picture(path).tensor()
            if picture.shape[1] not in (1, 3):
                raise PictureError(f"'{path}' has {picture.shape[1]} channels, not 1 or 3")
            rows += [features.describe(part.expand(-1, 3, -1, -1)) for part in self._parts(picture)]
        if sum(len(row) for row in rows) < 2:
            hint = "give a folder of pictures" if self._crop is None else "say a smaller `crop`"
            if any(path.is_dir() for path in folder.iterdir()):
                hint = "its pictures must not lie in folders of their own"
            raise PictureError(f"'{folder}' holds fewer than two pictures to compare", hint)
        return torch.cat(rows).double()

    def _parts(self, picture: Tensor) -> Iterator[Tensor]:
        """Yield the picture, or its squares side by side, a few at a time."""
        if self._crop is None:
            yield picture
            return
        height, width = (int(n) // self._crop for n in picture.shape[-2:])
        if not height or not width:
            return
        inner = picture[..., : height * self._crop, : width * self._crop]
        channels = int(picture.shape[1])
        squares = F.unfold(inner, self._crop, stride=self._crop)
        squares = squares[0].T.reshape(-1, channels, self._crop, self._crop)
        for start in range(0, len(squares), _AT_ONCE):
            yield squares[start : start + _AT_ONCE]


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)) of samples (N, D) and (M, D).

    Heusel et al., NeurIPS 2017. Too large for few samples: compare sets of equal numbers.
    """
    means = a.mean(dim=0) - b.mean(dim=0)
    first, second = (torch.cov(each.T).reshape(each.shape[1], -1) for each in (a, b))
    root = _root(first)
    both = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    distance = float(means.square().sum() + first.trace() + second.trace() - 2 * both)
    return max(0.0, distance)


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return MMD^2 with the kernel (x . y / D + 1)^3, unbiased: about 0 for samples of one kind.

    Binkowski et al., "Demystifying MMD GANs", ICLR 2018.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: Tensor) -> Tensor:
        values = kernel(x, x)
        return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))

    return float(within(a) + within(b) - 2 * kernel(a, b).mean())


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
