"""The output folder of a run: what it holds, and when it may be written."""

import json
from pathlib import Path
from typing import Any

from nasdip_core.errors import OptionError, RunError
from nasdip_core.files import remove_drafts, whole_file
from nasdip_core.imaging.folder import frame_files
from nasdip_core.pipeline.document import to_yaml

WEIGHTS = "weights"
"""Name of the output that is no picture: what was learnt."""
_FILES = ("result.json", "report.html", "events.jsonl", "pipeline.yaml", "samples.png")
_PICTURES = ("restored", "damaged", "mask", "given-picture", "given-mask", "given-truth")


class RunFolder:
    """One folder a run; files appear whole, under a temporary name first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.result = path / "result.json"
        self.page = path / "report.html"
        self.events = path / "events.jsonl"
        self.pipeline = path / "pipeline.yaml"
        self.samples = path / "samples.png"
        self.weights = path / f"{WEIGHTS}.safetensors"

    def checkpoint(self, fit: str) -> Path:
        """Return the checkpoint file of a fit."""
        return self.path / f"checkpoint-{fit}.safetensors"

    def earlier(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """Return the result of a finished run that is resumed, None for an unfinished one.

        Raises OptionError where the folder holds a run with other settings.
        """
        if not self.pipeline.exists() and not self.result.exists():
            return None
        if not self.pipeline.exists() or self.pipeline.read_text("utf-8") != to_yaml(document):
            raise OptionError(
                f"'{self.path}' holds a run with other settings",
                f"see {self.pipeline}, or use --force",
            )
        if not self.result.exists():
            return None
        result: dict[str, Any] = json.loads(self.result.read_text("utf-8"))
        return result

    def open(self, document: dict[str, Any], *, resume: bool, force: bool) -> None:
        """Make the folder ready for a run.

        Raises RunError where an earlier run would be overwritten or the folder cannot be written.
        """
        try:
            if self.pipeline.exists() or self.result.exists():
                if force:
                    self._clear()
                elif not resume:
                    state = "a result" if self.result.exists() else "an unfinished run"
                    raise RunError(
                        f"'{self.path}' holds {state} already", "use --resume, --force or -o DIR"
                    )
            self.path.mkdir(parents=True, exist_ok=True)
            self.write(self.pipeline, to_yaml(document))
        except OSError as error:
            raise RunError(f"cannot write to '{self.path}': {error.strerror or error}") from None

    def write(self, path: Path, text: str) -> None:
        """Write a text file as a whole. Raises RunError where the folder does not take it."""
        with whole_file(path) as draft:
            draft.write_text(text, encoding="utf-8")

    def finish(self, result: dict[str, Any]) -> None:
        """Write the result last of all: a folder with a result is complete."""
        self.write(self.result, json.dumps(result, indent=2) + "\n")
        for checkpoint in self.path.glob("checkpoint-*.safetensors"):
            checkpoint.unlink(missing_ok=True)
        remove_drafts(self.path)

    def _clear(self) -> None:
        """Remove an earlier run's files, and nothing else that lies in the folder."""
        owned = [self.path / name for name in _FILES]
        owned += self.path.glob("checkpoint-*.safetensors")
        if self.result.exists():
            outputs = json.loads(self.result.read_text("utf-8"))["outputs"].values()
            owned += [self.path / Path(output).name for output in outputs]
        for stem in _PICTURES:
            owned += [self.path / stem, *self.path.glob(f"{stem}.*")]
        for path in owned:
            if path.is_dir():
                _clear_frames(path)
            else:
                path.unlink(missing_ok=True)


def _clear_frames(folder: Path) -> None:
    """Remove the frames of a stack, and their folder where nothing else lies in it."""
    for frame in frame_files(folder):
        frame.unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
