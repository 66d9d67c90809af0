"""The folder of a bench: its settings, and one whole outcome a unit."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.bench.units import Unit, units_of
from nasdip_core.errors import OptionError
from nasdip_core.files import make_folder, whole_file
from nasdip_core.imaging.kinds import LOSSLESS

if TYPE_CHECKING:
    from nasdip_core.imaging.picture import Picture

SCHEMA = "nasdip.bench-unit/1"


class BenchFolder:
    """Outcomes appear whole, after the picture that they name; a unit with one is finished."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = path / "settings.json"
        self.result = path / "bench.json"
        self.markdown = path / "table.md"
        self.csv = path / "table.csv"
        self.page = path / "index.html"
        self.units = path / "units"
        self.pictures = path / "pictures"

    def open(self, settings: Mapping[str, Any], *, force: bool) -> None:
        """Make the folder ready.

        Raises OptionError where it holds a bench with other settings, or files of something else.
        """
        self._refuse_strangers(settings)
        if force and self.settings.exists():
            self._clear(self.read_settings())
        if self.settings.exists() and self.read_settings() != _plain(settings):
            raise OptionError(
                f"'{self.path}' holds a bench with other settings",
                f"see {self.settings}, or use --force",
            )
        for folder in (self.path, self.units, self.pictures):
            make_folder(folder)
        self.write(self.settings, _json(settings))

    def read_settings(self) -> dict[str, Any]:
        """Return the settings. Raises OptionError where there are none."""
        return _read(self.settings)

    def done(self, unit: Unit) -> bool:
        """Return whether a unit is finished; a failed one is tried again."""
        outcome = self.outcome(unit)
        return outcome is not None and outcome["state"] == "done"

    def outcome(self, unit: Unit) -> dict[str, Any] | None:
        """Return what became of a unit, None where it has not been done."""
        path = self._outcome(unit)
        return _read(path) if path.exists() else None

    def record(self, unit: Unit, found: Mapping[str, Any]) -> None:
        """Write the outcome of a finished unit."""
        self._write_outcome(unit, "done", found)

    def fail(self, unit: Unit, reason: str) -> None:
        """Write why a unit has failed."""
        self._write_outcome(unit, "failed", {"reason": " ".join(reason.split())})

    def keep(self, unit: Unit, **pictures: "Picture") -> dict[str, str]:
        """Write a unit's pictures without loss and return their places in the folder.

        `truth` and `damaged` are those of every method and lie apart from `restored`.
        """
        from nasdip_core.imaging.write import write_picture

        stems, places = self._stems(unit), {}
        for role, picture in pictures.items():
            stem = stems[role]
            # The last file is the lossless one, beside a JPEG.
            written = write_picture(picture, stem.with_name(stem.name + picture.suffix))[-1]
            places[role] = written.relative_to(self.path).as_posix()
        return places

    def take(self, source: "BenchFolder", unit: Unit) -> None:
        """Copy a unit of another folder, unless it is finished here; its outcome last."""
        outcome = source.outcome(unit)
        if outcome is None or self.done(unit):
            return
        for place in outcome.get("files", {}).values():
            if not (source.path / place).is_file():
                raise OptionError(f"cannot read '{source.path / place}': there is no such file")
            with whole_file(self.path / place) as draft:
                shutil.copyfile(source.path / place, draft)
        self.write(self._outcome(unit), _json(outcome))

    def write(self, path: Path, text: str) -> None:
        """Write a text file as a whole. Raises RunError where the folder does not take it."""
        with whole_file(path) as draft:
            draft.write_text(text, encoding="utf-8", errors="replace")

    def _stems(self, unit: Unit) -> dict[str, Path]:
        """Return the paths of a unit's pictures, by role, without their suffixes."""
        return {
            "truth": self.pictures / f"{unit.picture}--truth",
            "damaged": self.pictures / f"{unit.picture}--damaged--seed-{unit.seed}",
            "restored": self.units / unit.name,
        }

    def _outcome(self, unit: Unit) -> Path:
        return self.units / f"{unit.name}.json"

    def _write_outcome(self, unit: Unit, state: str, found: Mapping[str, Any]) -> None:
        head = {"picture": unit.picture, "method": unit.method, "seed": unit.seed}
        self.write(self._outcome(unit), _json({"schema": SCHEMA, **head, "state": state, **found}))

    @property
    def _tables(self) -> tuple[Path, ...]:
        return self.result, self.markdown, self.csv, self.page

    def _refuse_strangers(self, settings: Mapping[str, Any]) -> None:
        """Raise OptionError where files are in the way that no bench has written."""
        here = self.settings.exists()
        if here and self.read_settings().get("schema") != settings.get("schema"):
            raise OptionError(f"'{self.settings}' is not of a bench", "choose another -o DIR")
        strange = [path for path in self._tables if path.exists()]
        if strange and not here:
            raise OptionError(f"'{strange[0]}' is not of a bench", "choose another -o DIR")

    def _clear(self, earlier: Mapping[str, Any]) -> None:
        """Remove the files of a bench with these settings, and nothing else."""
        stems = {stem for unit in units_of(earlier) for stem in self._stems(unit).values()}
        for folder in filter(Path.is_dir, (self.units, self.pictures)):
            for path in folder.iterdir():
                if path.is_dir() and path in stems:  # frames
                    shutil.rmtree(path)
                elif path.with_name(path.stem.removesuffix(LOSSLESS)) in stems:
                    path.unlink()
            with suppress(OSError):  # other files stay, and so does their folder
                folder.rmdir()
        for path in (*self._tables, self.settings):
            path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(
            f"cannot read '{path}': {error}", "is this the folder of a bench?"
        ) from None
    return content


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _plain(content: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(content))
