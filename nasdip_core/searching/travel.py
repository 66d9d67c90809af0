"""The pictures of a search, sent to machines that do not have them."""

from pathlib import Path

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.searching.definition import Search
from nasdip_core.searching.options import SearchRequest
from nasdip_core.study.artifacts import Artifacts

_ROLES = ("mask", "truth")


def send(search: Search, artifacts: Artifacts) -> None:
    """Store the pictures of a search. Raises OptionError for those that are no files."""
    if search.request.data.startswith(SAMPLE):
        return
    files = [("data", Path(resolved.picture)) for resolved in search.resolved]
    files += [(role, Path(path)) for role in _ROLES if (path := getattr(search.request, role))]
    for role, file in files:
        if not file.is_file():
            raise OptionError(f"'{file}' is no file, and cannot travel", "leave --artifacts out")
        artifacts.put(f"{role}--{file.name}", file)


def receive(request: SearchRequest, artifacts: Artifacts, folder: Path) -> SearchRequest:
    """Fetch the pictures into a folder; return the request for them."""
    if request.data.startswith(SAMPLE):
        return request
    places: dict[str, str] = {}
    for name in artifacts.names():
        role, dashes, file = name.partition("--")
        if not dashes or role not in ("data", *_ROLES):
            continue
        if not artifacts.get(name, folder / role / file):
            raise PictureError(f"'{file}' is gone from the files of the study")
        places[role] = str(folder / role / file)
    # A single picture keeps its name, a folder is one again.
    if "data" in places and not (folder / "data" / Path(request.data).name).is_file():
        places["data"] = str(folder / "data")
    return request.model_copy(update=places)
