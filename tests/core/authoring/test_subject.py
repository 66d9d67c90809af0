"""What is checked, and what is there beside it."""

from pathlib import Path

import pytest

from nasdip_core.authoring.new import new_plugin
from nasdip_core.authoring.subject import subject


def disabled(project: Path, scratch: Path) -> set[str]:
    """Return the plugins that are left out where a project is checked."""
    scratch.mkdir()
    return {
        *subject(str(project), scratch).environment(scratch)["NASDIP_DISABLE_PLUGINS"].split(",")
    }


def test_of_other_plugins_only_those_that_it_requires_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, others in (("needed", "nasdip, Deeper>=1"), ("deeper", "nasdip"), ("idle", "nasdip")):
        info = tmp_path / "site" / f"{name}-1.dist-info"
        info.mkdir(parents=True)
        requires = "".join(f"Requires-Dist: {each}\n" for each in others.split(", "))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{requires}"
        )
        (info / "entry_points.txt").write_text(f"[nasdip]\nmain = {name}_pkg\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    project = tmp_path / "nasdip-throwaway"
    new_plugin("nasdip-throwaway", "residual", project)
    path = project / "pyproject.toml"
    text = path.read_text()
    assert disabled(project, tmp_path / "one") >= {"needed", "deeper", "idle"}
    path.write_text(text.replace("dependencies = [", 'dependencies = ["Needed >=1", '))
    assert disabled(project, tmp_path / "two") & {"needed", "deeper", "idle"} == {"idle"}
