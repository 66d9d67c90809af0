"""Projects that are as if installed, without pip."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[Path], Run]:
    """Return a function that puts a project's folder on the path, with the metadata of pip.

    It gives a function that runs a command in the project and returns what that printed.
    """

    def install(project: Path) -> Run:
        table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        name, version = table["name"], table["version"]
        info = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"{entry} = {at}" for entry, at in table["entry-points"]["nasdip"].items()]
        (info / "entry_points.txt").write_text("\n".join(["[nasdip]", *lines, ""]))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(project), str(info.parent)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

        def run(command: str, *words: str) -> str:
            done = subprocess.run(
                [Path(sys.executable).with_name(command), *words],
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        return run

    return install
