"""How a command refuses."""

from typing import Any


def one_line(answer: Any, code: int) -> str:
    """Return the only line of a refusal, after checking that it is one."""
    assert answer.code == code, answer.err
    assert answer.out == ""
    lines = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, answer.err
    assert "Traceback" not in answer.err
    assert "internal error" not in answer.err
    return str(lines[0])
