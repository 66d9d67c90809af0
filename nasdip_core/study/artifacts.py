"""Files that travel with a study: in a folder that all machines see, or in S3.

They lie in an artifact store of Optuna. The study notes the SHA-256 of each, by name.
"""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from optuna.artifacts import Boto3ArtifactStore, FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.study import Study

from nasdip_core.errors import OptionError, RunError, StudyError
from nasdip_core.files import whole_file

_PLACE = "nasdip:artifacts"
"""Attribute of a study: where its files are."""
_FILE = "nasdip:file:"
"""What an attribute begins with that notes a file: its id in the store, SHA-256 and size."""
_S3 = "s3://"


class Artifacts:
    """The files of one study. What is in the store never changes; a name may be noted anew."""

    def __init__(self, study: Study, place: str) -> None:
        self._study = study
        self._place = place
        self._prefix = ""
        if place.startswith(_S3):
            url = urlsplit(place)
            self._prefix = f"{url.path.strip('/')}/".lstrip("/")
            try:
                self._store: Any = Boto3ArtifactStore(url.netloc)
            except ImportError:
                raise RunError("s3:// needs boto3", "pip install 'nasdip[s3]'") from None
            except Exception as error:  # no region, no credentials: boto3 has its own words
                raise RunError(f"cannot use '{place}': {error}") from None
        else:
            self._store = FileSystemArtifactStore(place)

    def put(self, name: str, file: Path) -> None:
        """Store a file and note it with the study. Raises RunError where that is refused."""
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if self.names().get(name, {}).get("sha256") == digest:
            return
        id_ = f"{self._prefix}{self._study.study_name}-{digest[:16]}-{name}"
        try:
            if not self._prefix and not self._place.startswith(_S3):
                Path(self._place).mkdir(parents=True, exist_ok=True)
            with file.open("rb") as content:
                self._store.write(id_, content)
        except Exception as error:  # every store fails in its own way
            raise RunError(f"cannot store '{name}' in '{self._place}': {error}") from None
        told = {"id": id_, "sha256": digest, "bytes": file.stat().st_size}
        self._study.set_user_attr(_FILE + name, told)

    def get(self, name: str, to: Path) -> bool:
        """Fetch a file; false where there is none. Raises RunError for one that has changed."""
        told = self.names().get(name)
        if told is None:
            return False
        try:
            with self._store.open_reader(told["id"]) as content:
                found: bytes = content.read()
        except ArtifactNotFound:
            return False
        except Exception as error:
            raise RunError(f"cannot fetch '{name}' from '{self._place}': {error}") from None
        if hashlib.sha256(found).hexdigest() != told["sha256"]:
            raise RunError(f"'{told['id']}' in '{self._place}' is not what was stored there")
        to.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(to) as draft:
            draft.write_bytes(found)
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        told = self.names().get(name)
        if told is None:
            return
        self._study.set_user_attr(_FILE + name, None)
        try:
            self._store.remove(told["id"])
        except ArtifactNotFound:
            return  # another worker was first
        except Exception as error:
            raise RunError(f"cannot remove '{name}' from '{self._place}': {error}") from None

    def names(self) -> dict[str, dict[str, Any]]:
        """Return what is noted of every file, by its name."""
        return {
            key.removeprefix(_FILE): told
            for key, told in self._study.user_attrs.items()
            if key.startswith(_FILE) and told is not None
        }


def note_place(study: Study, place: str | None) -> None:
    """Note where the files of a study are. Raises StudyError where they are elsewhere."""
    if place is None:
        return
    if "://" not in place:
        place = str(Path(place).absolute())
    elif not place.startswith(_S3):
        raise OptionError(f"--artifacts '{place}'", "write a folder, or s3://BUCKET/PREFIX")
    known = study.user_attrs.get(_PLACE)
    if known not in (None, place):
        raise StudyError(f"study '{study.study_name}' has its files in '{known}'")
    study.set_user_attr(_PLACE, place)


def artifacts_of(study: Study) -> Artifacts | None:
    """Return the files of a study; None where none travel."""
    place = study.user_attrs.get(_PLACE)
    return None if place is None else Artifacts(study, place)
