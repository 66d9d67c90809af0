"""Which files of a folder are its pictures."""

from pathlib import Path

import numpy as np
from PIL import Image

from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.read import read_picture


def test_only_what_can_be_read(tmp_path: Path, waves: np.ndarray) -> None:
    image = Image.fromarray(waves)
    for name in ("a.JPG", "b.png", "c.webp", "e.pcx", "f.tga", "g.eps", "h.jp2", ".i.png"):
        image.save(tmp_path / name)
    image.save(tmp_path / "d.mpo", save_all=True, append_images=[image])
    np.save(tmp_path / "j.npy", waves)
    (tmp_path / "k.png").mkdir()
    found = pictures_in(tmp_path)
    assert [path.name for path in found] == ["a.JPG", "b.png", "c.webp", "d.mpo", "j.npy"]
    for path in found:
        read_picture(path)


def test_tables_beside_pictures_are_none(tmp_path: Path, waves: np.ndarray) -> None:
    np.savetxt(tmp_path / "labels.csv", waves[..., 0])
    assert [path.name for path in pictures_in(tmp_path)] == ["labels.csv"]
    Image.fromarray(waves).save(tmp_path / "a.png")
    assert [path.name for path in pictures_in(tmp_path)] == ["a.png"]
