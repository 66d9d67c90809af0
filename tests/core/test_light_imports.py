"""What the command line and plugin discovery import: never torch."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAVY = ("torch", "kornia", "skimage", "scipy", "numpy")


@pytest.mark.parametrize(
    "code",
    [
        "import nasdip_core",
        "import nasdip_core.cli",
        "from nasdip_core.plugins import Plugins; Plugins.discover()",
        "from nasdip_core.plugins import Plugins\n"
        "for r in Plugins.discover().registrations(): r.offer.kind == 'metric' or r.options()",
        "import nasdip_core.pipeline.request, nasdip_core.pipeline.document",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    check = f"{code}\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def imported(words: list[str]) -> tuple[str, list[str]]:
    """Return what a command prints, and which heavy modules it has imported."""
    code = (
        "import sys; from nasdip_core.cli import main\n"
        f"sys.argv = ['nasdip', *{words!r}]\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "print(*heavy, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout, done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list"], ["plugins", "list"]])
def test_light_commands_do_not_import_torch(words: list[str]) -> None:
    out, heavy = imported(words)
    assert heavy == []
    assert "inpaint" in out or words[-1] != "list" or "nasdip:tasks" in out


@pytest.mark.parametrize("file", ["denoise", "chain", "compare"])
def test_a_file_is_checked_without_torch(file: str) -> None:
    """But for a search, whose space and strategy say themselves what they refuse."""
    _, heavy = imported(["check", f"{EXAMPLES}/{file}.yaml"])
    assert set(heavy) <= {"numpy"}


def test_the_schema_is_made_without_anything_heavy() -> None:
    out, heavy = imported(["schema"])
    assert heavy == []
    assert out.startswith("{")
