"""What is known of the machine's speed, from one run to the next."""

from pathlib import Path

import pytest
import torch

from nasdip_core.pipeline.calibration import Calibration

CPU = torch.device("cpu")


def test_what_was_measured_is_known_afterwards(tmp_path: Path) -> None:
    known = Calibration(CPU, tmp_path / "new" / "calibration.json")
    assert known.seconds("step", lambda: 2.5) == 2.5
    later = Calibration(CPU, tmp_path / "new" / "calibration.json")
    assert later.seconds("step", lambda: pytest.fail("measured twice")) == 2.5
    later.learn("step", 1.5)
    assert known.seconds("step", lambda: 0.0) == 1.5


def test_what_a_busy_hour_has_shown_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    Calibration(CPU, path).learn("step", 100.0)
    assert Calibration(CPU, path, anew=True).seconds("step", lambda: 2.5) == 2.5
    assert Calibration(CPU, path).seconds("step", lambda: pytest.fail("measured twice")) == 2.5


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": "other"}', "\x00"])
def test_a_spoilt_file_is_done_without(tmp_path: Path, content: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content)
    assert Calibration(CPU, path).seconds("step", lambda: 2.5) == 2.5


def test_a_folder_that_takes_no_file_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    known = Calibration(CPU, tmp_path / "file" / "calibration.json")
    assert known.seconds("step", lambda: 2.5) == 2.5
