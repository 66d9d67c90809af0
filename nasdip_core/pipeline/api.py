"""Restore a picture, from Python: the same as `nasdip run`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasdip_core.fit.events import Observer
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.imaging.arrays import picture_of, stack_of
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.write import files_of
from nasdip_core.options import merge, nested, parse
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import Restored, run
from nasdip_core.plugins import Plugins
from nasdip_core.task import TaskOptions

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydantic import BaseModel

    Source = Picture | str | Path | Image | np.ndarray[Any, Any]


def restore(
    picture: "Source | None" = None,
    task: str = "inpaint",
    *,
    mask: "Source | None" = None,
    truth: "Source | None" = None,
    arch: str | dict[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    plugins: Plugins | None = None,
    observers: Sequence[Observer] = (),
) -> Restored:
    """Restore a picture; the same as `nasdip run --task TASK PICTURE`.

    Pictures are paths, Pillow images, or arrays (H, W) or (H, W, C) of uint8, uint16, or float
    in [0, 1]; of any numbers where the task takes arrays. `options` are dotted keys as in `-S`:
    {"task.sigma": 25, "fit.steps": 200}.
    Without `output` nothing is written. Raises NasdipError.
    """
    plugins = plugins or Plugins.discover()
    model = plugins.find("task", task).options()
    folder = None if output is None else RunFolder(Path(output))
    content: dict[str, Any] = {"arch": arch, "seed": seed, "device": device}
    given: dict[str, Picture] = {}
    stack = (options or {}).get("task.stack") is True
    for role, source in (("picture", picture), ("mask", mask), ("truth", truth)):
        if isinstance(source, (str, Path)):
            content[role] = str(source)
        elif source is not None:
            given[role] = _in_memory(source, model, stack=stack)
            # Where it will be written, so that the pipeline file can repeat the run: of a JPEG and
            # its copy, the copy; of named frames, their folder.
            place = Path(output or "") / f"given-{role}{given[role].suffix}"
            files = files_of(given[role], place)
            content[role] = str(files[-1] if place.suffix else place)
    for key, value in (options or {}).items():
        content = merge(content, nested(key, value))
    request = parse(RestoreRequest, content, "")
    resolved = resolve(task, request, plugins, Path(), in_memory=bool(given))
    return run(
        resolved, plugins, folder, given=given, resume=resume, force=force, observers=observers
    )


def _in_memory(source: "Source", model: "type[BaseModel] | None", *, stack: bool) -> Picture:
    """Return a picture or an array as a picture; an array of any kind where the task takes them.

    Of a stack, arrays of more than two axes are frames.
    """
    if stack and isinstance(source, np.ndarray) and source.ndim > 2:
        return stack_of(source)
    takes_arrays = model is not None and issubclass(model, TaskOptions) and model.takes_arrays
    if takes_arrays and isinstance(source, np.ndarray):
        return array_picture(source)
    return picture_of(source)
