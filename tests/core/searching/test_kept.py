"""Fits that a search keeps, while other workers keep and remove theirs."""

from pathlib import Path

import pytest
import torch

from nasdip_core.errors import RunError
from nasdip_core.searching import kept
from nasdip_core.searching.kept import KeptFits

CPU = torch.device("cpu")


def test_a_fit_that_was_not_kept(tmp_path: Path) -> None:
    assert KeptFits(tmp_path).load("trial-1", 0, CPU) is None


def test_a_fit_that_is_removed_while_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its trial is among the best no longer, which another worker saw first."""
    fits = KeptFits(tmp_path)
    path = tmp_path / "trial-1--0.safetensors"
    path.write_bytes(b"whole")
    load = kept.load_checkpoint

    def late(file: Path) -> object:
        fits.keep_only([], "trial-")
        return load(file)

    monkeypatch.setattr(kept, "load_checkpoint", late)
    assert fits.load("trial-1", 0, CPU) is None
    assert not path.exists()


def test_a_damaged_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trial-1--0.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(RunError, match="cannot read the checkpoint"):
        KeptFits(tmp_path).load("trial-1", 0, CPU)
