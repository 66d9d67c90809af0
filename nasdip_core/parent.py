"""A process that is told what to do by the one that started it, on standard input."""

import json
import os
import sys
import threading
from typing import Any

from nasdip_core.errors import ExitCode


def order_of_parent() -> dict[str, Any]:
    """Return the JSON object on the first line of stdin; from then on live as long as the parent.

    The parent holds the other end open and writes nothing more: its end is the end of the stream.
    """
    order: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return order


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(ExitCode.FAILED)
