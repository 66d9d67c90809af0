"""`nasdip plugins check`: the contracts of what is offered, and the plugin's own tests."""

from pathlib import Path

import pytest
from checked_plugins import Cli, checked

from nasdip_core.authoring.new import new_plugin
from nasdip_core.errors import ExitCode


def test_the_contract_is_checked(project: Path, nasdip_cli: Cli) -> None:
    package = project / "nasdip_throwaway"
    for file, old, new in (
        ("residual.py", "source == level < count", "1"),
        ("offers.py", 'name="throwaway"', 'name="none"'),
    ):
        path = package / file
        path.write_text(path.read_text().replace(old, new))
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    (contract, shadowed) = findings
    assert "Test_residual_none::test_gives_levels_by_levels_booleans" in contract["what"]
    assert "the built-in keeps this name" in shadowed["what"]
    assert "__pycache__" not in [path.name for path in project.rglob("*")]


def test_its_own_tests_are_run_and_a_task_needs_some(tmp_path: Path, nasdip_cli: Cli) -> None:
    folder = tmp_path / "nasdip-throwaway"
    new_plugin("nasdip-throwaway", "task", folder)
    own = folder / "tests" / "test_nasdip_throwaway.py"
    own.write_text("def test_own():\n    assert 1 == 2\n")
    code, findings = checked(nasdip_cli, folder)
    assert code == ExitCode.PLUGIN
    assert [f["what"] for f in findings] == [
        "test_nasdip_throwaway::test_own: assert 1 == 2",
        "task 'throwaway' has not been run: no test inherits TaskConformance",
    ]


def test_what_cannot_be_made_from_its_offer_is_not_passed_over(
    project: Path, nasdip_cli: Cli
) -> None:
    package = project / "nasdip_throwaway"
    (package / "offers.py").write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('metric', 'needy', 's', factory='nasdip_throwaway.parts:Needy',\n"
        "                  options='nasdip_throwaway.parts:NeedyOptions'),\n"
        "            Offer('metric', 'plain', 's', factory='nasdip_plugins.metric.psnr:Psnr'),\n"
        "            Offer('baseline', 'fill', 's', factory='nasdip_throwaway.parts:Fill')]\n"
    )
    (package / "parts.py").write_text(
        "from nasdip_core import Options\nfrom pydantic import Field\n"
        "class NeedyOptions(Options):\n    file: str = Field(description='what it reads')\n"
        "class Needy:\n    higher_is_better = needs_truth = True\n"
        "    def __init__(self, file): pass\n"
        "    def measure(self, picture, truth): return 'garbage'\n"
        "class Fill:\n    tasks = ('inpaint',)\n    fills = True\n"
        "    def restore(self, problem): return 'garbage'\n"
    )
    own = project / "tests" / "test_own.py"
    own.write_text("def test_own():\n    pass\n")
    code, findings = checked(nasdip_cli, project)
    assert code == 0
    assert [(f["level"], f["what"]) for f in findings] == [
        ("warning", "baseline 'fill' has not been run: no test inherits BaselineConformance"),
        ("warning", "metric 'needy' has not been run: no test inherits MetricConformance"),
    ]
    own.write_text("# BaselineConformance, MetricConformance\ndef test_own():\n    pass\n")
    assert nasdip_cli("plugins", "check", project).out == "nothing is wrong\n"


def test_the_settings_of_its_tests_hold(project: Path, nasdip_cli: Cli) -> None:
    (project / "tests" / "test_own.py").write_text(
        "import pytest\nfrom beside import ONE\n\n\n"
        "@pytest.mark.thorough\ndef test_own():\n    assert ONE == 1\n"
    )
    (project / "parts").mkdir()
    (project / "parts" / "beside.py").write_text("ONE = 1\n")
    path = project / "pyproject.toml"
    more = 'pythonpath = ["parts"]\nmarkers = ["thorough: slow"]\nstrict = true\ntestpaths'
    path.write_text(path.read_text().replace("testpaths", more))
    assert nasdip_cli("plugins", "check", project).out == "nothing is wrong\n"


def test_an_operator_that_is_not_linear_has_its_contract(project: Path, nasdip_cli: Cli) -> None:
    package = project / "nasdip_throwaway"
    (package / "offers.py").write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('operator', 'sat', 's', factory='nasdip_throwaway.parts:Saturation')]\n"
    )
    parts = package / "parts.py"
    parts.write_text(
        "from nasdip_core.operators import Operator\n"
        "class Saturation(Operator):\n    def __init__(self, size): pass\n"
        "    def forward(self, picture): return (2 * picture).tanh()\n"
    )
    own = project / "tests" / "test_own.py"
    own.write_text("def test_own():\n    pass\n")
    assert nasdip_cli("plugins", "check", project).out == "nothing is wrong\n"
    parts.write_text(parts.read_text().replace("(2 * picture).tanh()", "picture.round()"))
    _, findings = checked(nasdip_cli, project)
    assert any("Test_operator_sat::test_gradient_passes" in f["what"] for f in findings)


def test_a_file_may_import_torch_and_its_contracts_are_run(
    tmp_path: Path, nasdip_cli: Cli, untested: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "throwaway_heavy.py"
    path.write_text(
        "import torch\nfrom nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'mine', 'sum', factory='torch.nn:Identity')]\n"
    )
    code, findings = checked(nasdip_cli, path)
    assert code == 0
    # It may take its time, too.
    assert {(f["level"], f["check"]) for f in findings} == {("warning", "import")}
    assert any(f["what"].startswith("discovery imports torch") for f in findings)
    untested.undo()
    path.write_text(path.read_text().replace("torch.nn:Identity", "torch.nn:AdaptiveAvgPool1d"))
    code, findings = checked(nasdip_cli, path)
    assert code == ExitCode.PLUGIN
    assert any("Test_activation_mine" in f["what"] for f in findings)


def test_why_tests_cannot_be_collected(project: Path, nasdip_cli: Cli) -> None:
    (project / "tests" / "test_broken.py").write_text("import nowhere_at_all\n")
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert "No module named 'nowhere_at_all'" in findings[0]["what"]


def test_tests_that_wait_for_ever(
    project: Path, nasdip_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "tests" / "test_slow.py").write_text(
        "import time\n\n\ndef test_waits():\n    time.sleep(1000)\n"
    )
    monkeypatch.setattr("nasdip_core.authoring.check._TESTS_SECONDS", 5)
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert findings[0]["what"] == "its tests take more than 5 s"
