"""What was measured of this machine's speed, kept from run to run."""

import hashlib
import json
import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from nasdip_core.errors import RunError
from nasdip_core.files import cache_folder, whole_file

_FORMAT = "nasdip.calibration/1"


class Calibration:
    """Seconds by what was timed. A file that cannot be read or written is done without."""

    def __init__(
        self, device: torch.device, path: Path | None = None, *, anew: bool = False
    ) -> None:
        """`anew` measures again what is known: the machine may have been busy then."""
        self._anew = anew
        self._path = path or cache_folder() / "calibration.json"
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        self._machine = [
            platform.node(),
            platform.machine(),
            name,
            torch.__version__,
            torch.get_num_threads(),
        ]

    def seconds(self, what: str, measure: Callable[[], float]) -> float:
        """Return what is known of `what` on this machine, measured now where nothing is."""
        found = None if self._anew else self._read().get(self._key(what))
        if isinstance(found, float) and found > 0:
            return found
        measured = measure()
        self.learn(what, measured)
        return measured

    def learn(self, what: str, seconds: float) -> None:
        """Note what a run has shown."""
        known = {**self._read(), self._key(what): seconds}
        with suppress(OSError, RunError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self._path) as draft:
                draft.write_text(json.dumps({"format": _FORMAT, "seconds": known}, indent=1))

    def _read(self) -> dict[str, float]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            return {}
        return dict(content["seconds"])

    def _key(self, what: str) -> str:
        text = json.dumps([*self._machine, what])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
