"""Fits that a search keeps: those of one picture, so that none is made twice."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import torch

from nasdip_core.errors import RunError
from nasdip_core.files import make_folder
from nasdip_core.fit.checkpoint import load_checkpoint, moved, save_checkpoint
from nasdip_core.fit.result import FitResult
from nasdip_core.study.artifacts import Artifacts


class KeptFits:
    """Finished fits by label and place of the picture, one file each.

    Where the study has files that travel, the fits are among them, and the folder holds copies.
    """

    def __init__(self, folder: Path, artifacts: Artifacts | None = None) -> None:
        self._folder = folder
        self._artifacts = artifacts

    def save(self, label: str, picture: int, found: FitResult) -> None:
        """Keep a fit. Raises RunError where there is no room for it."""
        path = self.path(label, picture)
        make_folder(self._folder)
        save_checkpoint(path, found.state_dict())
        if self._artifacts is not None:
            self._artifacts.put(path.name, path)

    def load(self, label: str, picture: int, device: torch.device) -> FitResult | None:
        """Return a fit; None where it was not kept."""
        path = self.path(label, picture)
        if self._artifacts is not None and not path.exists():
            with suppress(RunError):  # one that is not what was stored is none
                self._artifacts.get(path.name, path)
        try:
            return FitResult(**moved(load_checkpoint(path), device))
        except RunError:
            # Asked afterwards: another worker may remove it at any moment.
            if path.exists():
                raise
            return None

    def once(
        self, label: str, picture: int, device: torch.device, make: Callable[[], FitResult]
    ) -> FitResult:
        """Return a fit that was kept, or make it, and keep it where there is room."""
        found = self.load(label, picture, device)
        if found is None:
            found = make()
            with suppress(RunError):
                self.save(label, picture, found)
        return found

    def keep_only(self, labels: Iterable[str], prefix: str) -> None:
        """Remove the fits whose label begins with `prefix`, but for these."""
        wanted = set(labels)
        for path in self._folder.glob(f"{prefix}*--*.safetensors"):
            if path.name.rpartition("--")[0] not in wanted:
                path.unlink(missing_ok=True)
        if self._artifacts is not None:
            for name in self._artifacts.names():
                if name.startswith(prefix) and name.rpartition("--")[0] not in wanted:
                    self._artifacts.remove(name)

    def path(self, label: str, picture: int) -> Path:
        """Return where a fit is kept."""
        return self._folder / f"{label}--{picture}.safetensors"


STANDARD = "standard"
"""Label of the fits of the task's default network."""


def trial_label(slot: int) -> str:
    """Return the label of a trial's fits."""
    return f"trial-{slot}"


def restored_label(slot: int, fresh: int) -> str:
    """Return the label of a candidate's fits to the picture as it is, nothing kept from them."""
    return f"restored-{slot}-{fresh}"


def final_label(slot: int, fresh: int) -> str:
    """Return the label of a candidate's fits in the last comparison."""
    return f"final-{slot}-{fresh}"
