"""The bundled photographs: `sample:NAME` wherever a picture is read."""

from importlib.resources import files
from pathlib import Path

from nasdip_core.errors import PictureError, did_you_mean

PREFIX = "sample:"


def sample_names() -> list[str]:
    """Return the names of the bundled pictures, sorted."""
    return sorted(path.stem for path in _folder().glob("*.png"))


def sample_path(name: str) -> Path:
    """Return the file of a bundled picture. Raises PictureError for an unknown name."""
    path = _folder() / f"{name}.png"
    if name not in sample_names():
        raise PictureError(
            f"there is no sample picture '{name}'", did_you_mean(name, sample_names())
        )
    return path


def located(picture: str, base: Path) -> str:
    """Return a path that is read from `base` as an absolute one; `sample:NAME` as it is."""
    return picture if picture.startswith(PREFIX) else str((base / picture).absolute())


def _folder() -> Path:
    return Path(str(files("nasdip_core.imaging"))) / "samples"
