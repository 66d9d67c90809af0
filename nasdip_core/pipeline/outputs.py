"""The pictures and weights that a run writes into its folder, and reads again."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasdip_core.imaging.kinds import LOSSLESS
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture, read_stack
from nasdip_core.imaging.write import files_of, write_picture
from nasdip_core.pipeline.folder import WEIGHTS, RunFolder
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.pipeline.sources import Sources
from nasdip_core.problem import Problem
from nasdip_core.weights import save_weights


class Written(Mapping[str, Picture]):
    """The pictures of a finished run, wherever its folder is now, without loss.

    Each is read when it is asked for: who goes on with a folder of thousands asks for none.
    """

    def __init__(self, folder: RunFolder, earlier: Mapping[str, Any], resolved: Resolved) -> None:
        files: dict[str, str] = earlier["outputs"]
        self._read = read_stack if resolved.task.stacked else read_picture
        self._seen: dict[str, Picture] = {}
        self._places = {
            key: folder.path / Path(files.get(f"{key}{LOSSLESS}", path)).name
            for key, path in files.items()
            if key != WEIGHTS and not key.endswith(LOSSLESS)
        }

    def __getitem__(self, name: str) -> Picture:
        """Return a picture. Raises PictureError where its file cannot be read."""
        if name not in self._seen:
            self._seen[name] = self._read(self._places[name])
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names, the result first."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)


def names_written(resolved: Resolved, sources: Sources) -> set[str]:
    """Return the names of the pictures that a run may write, and `weights`."""
    names = set(resolved.task.writes)
    if sources.damage is not None:
        names |= {"damaged"} if sources.mask is None else {"damaged", "mask"}
    if resolved.fit.langevin.noise:
        names |= {"uncertainty", "uncertainty-shown"}
    return names


def write_sources(folder: RunFolder, sources: Sources, given: Mapping[str, Picture]) -> None:
    """Write the pictures that exist nowhere else: what was damaged here, what was in memory."""
    pictures = {f"given-{role}": picture for role, picture in given.items()}
    if sources.damage is not None:
        pictures["damaged"] = sources.picture
        if sources.mask is not None:
            pictures["mask"] = sources.mask
    for name, picture in pictures.items():
        _write(folder, name, picture)


def write_outputs(
    folder: RunFolder, pictures: Mapping[str, Picture], problem: Problem, resolved: Resolved
) -> dict[str, str]:
    """Write the result and what was learnt; return the files by name."""
    outputs: dict[str, str] = {}
    for name, picture in pictures.items():
        written = _write(folder, name, picture)
        for path in written:
            key = name if path == written[0] else f"{name}{LOSSLESS}"
            outputs[key] = str(path)
    if learnt := problem.weights():
        folder.claim([folder.weights])
        save_weights(folder.weights, learnt, resolved.arch, resolved.task_offered)
        outputs[WEIGHTS] = str(folder.weights)
    return outputs


def _write(folder: RunFolder, name: str, picture: Picture) -> list[Path]:
    path = folder.path / f"{name}{picture.suffix}"
    folder.claim(files_of(picture, path))
    return write_picture(picture, path)
