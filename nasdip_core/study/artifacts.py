"""Files that travel with a study: in a folder that all machines see, or in S3.

They lie in an artifact store of Optuna. The study notes name and SHA-256 of each.
"""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from optuna.study import Study

from nasdip_core.errors import OptionError, RunError, StudyError
from nasdip_core.files import whole_file

_PLACE = "nasdip:artifacts"
"""Attribute of a study: where its files are."""
_FILE = "nasdip:file:"
"""What an attribute begins with that notes a file: its name, id in the store, SHA-256 and size.

None once the file is removed: a study forgets no attribute, so that one is used again.
"""
_S3 = "s3://"


class Artifacts:
    """The files of one study. What is in the store never changes; a name may be noted anew."""

    def __init__(self, study: Study, place: str) -> None:
        # Where boto3 is installed it is loaded with these, and few studies have files.
        from optuna.artifacts import Boto3ArtifactStore, FileSystemArtifactStore
        from optuna.artifacts.exceptions import ArtifactNotFound

        self._absent = ArtifactNotFound
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
        """Store a file and note it with the study, in place of an earlier one of its name.

        Raises RunError where that is refused.
        """
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        earlier = self._notes_of(name)
        if any(told["sha256"] == digest for told in earlier.values()):
            return
        study = self._study.study_name.replace("/", "%2F")
        id_ = f"{self._prefix}{study}-{digest[:16]}-{name}"
        try:
            if not self._prefix and not self._place.startswith(_S3):
                Path(self._place).mkdir(parents=True, exist_ok=True)
            with file.open("rb") as content:
                self._store.write(id_, content)
        except Exception as error:  # every store fails in its own way
            raise RunError(f"cannot store '{name}' in '{self._place}': {error}") from None
        told = {"name": name, "id": id_, "sha256": digest, "bytes": file.stat().st_size}
        self._study.set_user_attr(self._free(), told)
        self._remove(earlier)

    def get(self, name: str, to: Path) -> bool:
        """Fetch a file; false where there is none.

        Raises RunError for one that has changed, StudyError where the store does not answer.
        """
        told = self.names().get(name)
        if told is None:
            return False
        try:
            with self._store.open_reader(told["id"]) as content:
                found: bytes = content.read()
        except self._absent:
            return False
        except Exception as error:
            raise StudyError(f"cannot fetch '{name}' from '{self._place}': {error}") from None
        if hashlib.sha256(found).hexdigest() != told["sha256"]:
            raise RunError(f"'{told['id']}' in '{self._place}' is not what was stored there")
        to.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(to) as draft:
            draft.write_bytes(found)
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._remove(self._notes_of(name))

    def names(self) -> dict[str, dict[str, Any]]:
        """Return what is noted of every file, by its name."""
        return {told["name"]: told for told in self._notes().values() if told is not None}

    def _notes(self) -> dict[str, dict[str, Any] | None]:
        attributes = self._study.user_attrs.items()
        return {key: told for key, told in attributes if key.startswith(_FILE)}

    def _notes_of(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the notes of a file: two workers may have stored it at once."""
        notes = self._notes().items()
        return {key: told for key, told in notes if told is not None and told["name"] == name}

    def _free(self) -> str:
        """Return an attribute to note a file in.

        Of two workers that take the same one at once, one has not kept its file.
        """
        free = [key for key, told in self._notes().items() if told is None]
        return secrets.choice(free) if free else _FILE + secrets.token_hex(4)

    def _remove(self, notes: Mapping[str, Mapping[str, Any]]) -> None:
        for key, told in notes.items():
            self._study.set_user_attr(key, None)
            try:
                self._store.remove(told["id"])
            except self._absent:
                continue  # another worker was first
            except Exception as error:
                what = f"cannot remove '{told['name']}' from '{self._place}'"
                raise RunError(f"{what}: {error}") from None


def place_of_files(study: Study, place: str) -> str:
    """Return where the files of a study are, or will be.

    Raises OptionError for a place that is none, StudyError where they are elsewhere.
    """
    if "://" not in place:
        place = str(Path(place).absolute())
    elif not place.startswith(_S3):
        raise OptionError(f"--artifacts '{place}'", "write a folder, or s3://BUCKET/PREFIX")
    known = study.user_attrs.get(_PLACE)
    if known not in (None, place):
        raise StudyError(f"study '{study.study_name}' has its files in '{known}'")
    return place


def note_place(study: Study, place: str) -> None:
    """Note where the files of a study are, once they are there: it cannot be changed."""
    study.set_user_attr(_PLACE, place)


def artifacts_of(study: Study) -> Artifacts | None:
    """Return the files of a study; None where none travel."""
    place = study.user_attrs.get(_PLACE)
    return None if place is None else Artifacts(study, place)
