"""What `nasdip plugins check` finds."""

import json
from collections.abc import Callable
from typing import Any

from nasdip_core.testing.pytest_plugin import Answer

Cli = Callable[..., Answer]


def checked(cli: Cli, what: object) -> tuple[int, list[dict[str, Any]]]:
    """Return exit code and findings."""
    answer = cli("plugins", "check", what, "--json")
    told = json.loads(answer.out)
    assert told["schema"] == "nasdip.plugin-check/1"
    assert all(finding["mend"] for finding in told["findings"])
    return answer.code, told["findings"]
