"""A disk that is full, at each write of a run."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from refusals import one_line

from nasdip_core.fit import checkpoint as checkpoints

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


class TestFullDisk:
    """ENOSPC at each write of a run: exit code 1, one line, and the run can be resumed."""

    def words(self, waves_file: Path, tiny: Tiny) -> tuple[Any, ...]:
        fit = ("-S", "fit.checkpoint_seconds=0.001")
        return ("run", "-t", "denoise", waves_file, "-o", "out", *tiny, *fit)

    @pytest.mark.parametrize(
        "name", ["pipeline.yaml", "checkpoint-fit", "restored.png", "report.html", "result.json"]
    )
    def test_a_file_that_does_not_fit(
        self,
        cli: Cli,
        tiny: Tiny,
        waves_file: Path,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        replace = Path.replace

        def full(draft: Path, target: Path) -> Path:
            if name in target.name:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return replace(draft, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full)
            line = one_line(cli(*self.words(waves_file, tiny)), 1)
        assert name in line
        assert "No space left on device" in line
        assert not list(Path("out").glob(".*.part"))
        assert not Path("out/result.json").exists()
        # The checkpoint of the fit outlives what comes after it.
        late = name in {"restored.png", "report.html", "result.json"}
        assert Path("out/checkpoint-fit.safetensors").exists() == late
        assert cli(*self.words(waves_file, tiny), "--resume").code == 0
        assert Path("out/result.json").exists()

    def test_an_event_log_on_a_full_device(
        self, cli: Cli, tiny: Tiny, waves_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nasdip_core.fit import events

        opened = events.EventLog.__init__

        def onto_full(log: events.EventLog, path: Path) -> None:
            opened(log, path)
            log._file.close()
            log._file = Path("/dev/full").open("a", encoding="utf-8")  # noqa: SIM115  # the log's own

        with monkeypatch.context() as patch:
            patch.setattr(events.EventLog, "__init__", onto_full)
            line = one_line(cli(*self.words(waves_file, tiny)), 1)
        assert "cannot write 'out/events.jsonl': No space left on device" in line
        Path("out/events.jsonl").unlink()
        assert cli(*self.words(waves_file, tiny), "--resume").code == 0

    def test_an_event_log_that_cannot_be_opened(
        self, cli: Cli, tiny: Tiny, waves_file: Path
    ) -> None:
        Path("out/events.jsonl").mkdir(parents=True)
        Path("out/.nasdip-files.json").write_text('["events.jsonl"]')
        line = one_line(cli(*self.words(waves_file, tiny)), 1)
        assert "cannot write 'out/events.jsonl': Is a directory" in line

    def test_a_checkpoint_that_the_writer_refuses(
        self, cli: Cli, tiny: Tiny, waves_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from safetensors import SafetensorError

        def full(*_: object, **__: object) -> None:
            raise SafetensorError("I/O error: No space left on device (os error 28)")

        monkeypatch.setattr(checkpoints, "save_file", full)
        line = one_line(cli(*self.words(waves_file, tiny)), 1)
        assert "checkpoint-fit.safetensors" in line
        assert "No space left on device" in line
