"""`nasdip plugins check`: each ill is found, and said how to mend."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.authoring.new import new_plugin
from nasdip_core.authoring.subject import subject
from nasdip_core.errors import ExitCode
from nasdip_core.testing.pytest_plugin import Answer

Cli = Callable[..., Answer]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new plugin without tests, which would take their time."""
    folder = tmp_path / "nasdip-throwaway"
    new_plugin("nasdip-throwaway", "residual", folder)
    for test in (folder / "tests").iterdir():
        test.unlink()
    return folder


@pytest.fixture
def untested(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Run no contracts, which takes seconds: what is looked at is found without them."""
    with monkeypatch.context() as patched:
        patched.setattr("nasdip_core.authoring.check._tests", lambda *_: ([], set()))
        yield patched


def checked(cli: Cli, what: object) -> tuple[int, list[dict[str, Any]]]:
    answer = cli("plugins", "check", what, "--json")
    told = json.loads(answer.out)
    assert told["schema"] == "nasdip.plugin-check/1"
    assert all(finding["mend"] for finding in told["findings"])
    return answer.code, told["findings"]


def test_metadata(project: Path, nasdip_cli: Cli) -> None:
    path = project / "pyproject.toml"
    lines = path.read_text().splitlines()
    gone = ("license", "requires-python", "dependencies", "version", "residual = ", "throwaway = ")
    path.write_text("\n".join(line for line in lines if not line.startswith(gone)))
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert [(f["level"], f["what"]) for f in findings] == [
        ("error", "no version"),
        ("error", "it does not require nasdip"),
        ("error", "no entry point of the group nasdip"),
        ("warning", "no licence is declared"),
        ("warning", "no version of Python is required"),
    ]


@pytest.mark.usefixtures("untested")
def test_dynamic_metadata_is_no_fault(project: Path, nasdip_cli: Cli) -> None:
    path = project / "pyproject.toml"
    gone = ("license", "requires-python", "dependencies", "version")
    lines = [line for line in path.read_text().splitlines() if not line.startswith(gone)]
    dynamic = f"dynamic = {json.dumps(gone)}"
    lines.insert(lines.index("[project]") + 1, dynamic)
    path.write_text("\n".join(lines))
    code, findings = checked(nasdip_cli, project)
    assert code == 0
    assert ("warning", "dependencies are dynamic: not looked at") in [
        (f["level"], f["what"]) for f in findings
    ]
    assert [f["check"] for f in findings].count("metadata") == 1
    entries = ("residual = ", "throwaway = ", "[project.entry-points")
    lines = [line for line in lines if not line.startswith(entries)]
    lines[lines.index(dynamic)] = 'dynamic = ["entry-points", "dependencies", "version"]'
    path.write_text("\n".join(lines))
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert findings[0]["what"] == "entry points are dynamic: nothing is looked at"
    assert "nasdip plugins check nasdip-throwaway" in findings[0]["mend"]


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "said"),
    [
        ("offers.py", "import Offer", "import Ofer", "import", "ImportError"),
        ("offers.py", "from nasdip_core", "raise SystemExit(4)\nfrom nasdip_core", "import", "4"),
        (
            "offers.py", "from nasdip_core", "import os\nos._exit(7)\nfrom nasdip_core", "import",
            "its import ends the process with 7",
        ),
        ("offers.py", "nasdip_offers", "nasdip_ofers", "import", "unknown hook 'nasdip_ofers'"),
        ("offers.py", "offers()", "offers(extra)", "import", "extra"),
        ("offers.py", 'kind="residual"', 'kind="residul"', "offers", "did you mean 'residual'"),
        ("offers.py", ":pattern", ":patern", "factory", "patern"),
        ("offers.py", ":ThrowawayOptions", ":Nothing", "options", "Nothing"),
        ("options.py", 'description="levels that are connected, from the finest"', "le=9",
         "options", "option 'count' of residual 'throwaway' has no description"),
        ("options.py", "from pydantic", "import numpy\nfrom pydantic", "options",
         "options import numpy"),
        ("options.py", "Options(Options)", "Options(__import__('pydantic').BaseModel)", "options",
         "take any key"),
    ],
)  # fmt: skip
def test_each_ill_is_found(
    project: Path,
    nasdip_cli: Cli,
    file: str,
    old: str,
    new: str,
    check: str,
    said: str,
) -> None:
    path = project / "nasdip_throwaway" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    _, findings = checked(nasdip_cli, project)
    assert any(f["check"] == check and said in f["what"] for f in findings), findings


def test_a_heavy_import_is_an_error(project: Path, nasdip_cli: Cli) -> None:
    path = project / "nasdip_throwaway" / "offers.py"
    path.write_text(path.read_text().replace("from nasdip_core", "import torch\nfrom nasdip_core"))
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert findings[0]["what"].startswith("discovery imports torch")
    assert "within functions" in findings[0]["mend"]


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


def test_a_plugin_that_needs_another_one(
    project: Path, nasdip_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    path = project / "pyproject.toml"
    text = path.read_text()
    assert disabled(project, tmp_path / "one") >= {"needed", "deeper", "idle"}
    path.write_text(text.replace("dependencies = [", 'dependencies = ["Needed >=1", '))
    assert disabled(project, tmp_path / "two") & {"needed", "deeper", "idle"} == {"idle"}


def disabled(project: Path, scratch: Path) -> set[str]:
    scratch.mkdir()
    return {
        *subject(str(project), scratch).environment(scratch)["NASDIP_DISABLE_PLUGINS"].split(",")
    }


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


@pytest.mark.usefixtures("untested")
def test_options_that_nobody_is_given(project: Path, nasdip_cli: Cli) -> None:
    offers = project / "nasdip_throwaway" / "offers.py"
    text = offers.read_text().replace('kind="residual"', 'kind="tracker"')
    offers.write_text(text)
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert "the options of tracker 'throwaway' are given to nobody" in [f["what"] for f in findings]


def test_a_file(tmp_path: Path, nasdip_cli: Cli) -> None:
    path = tmp_path / "throwaway_checked.py"
    path.write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'mine', 'sum', factory='torch.nn:Identity')]\n"
    )
    assert nasdip_cli("plugins", "check", path).out == "nothing is wrong\n"
    path.write_text(path.read_text().replace("torch.nn:Identity", "torch.nn:Idenity"))
    code, findings = checked(nasdip_cli, path)
    assert code == ExitCode.PLUGIN
    assert "Idenity" in findings[0]["what"]


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


def test_a_part_that_fails_when_a_network_is_built_ends_nothing(
    project: Path, nasdip_cli: Cli
) -> None:
    package = project / "nasdip_throwaway"
    (package / "offers.py").write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'boom', 's', factory='nasdip_throwaway.parts:boom'),\n"
        "            Offer('architecture', 'mine', 's', resource='nasdip_throwaway:mine.yaml')]\n"
    )
    (package / "parts.py").write_text("def boom():\n    return 1 + 'one'\n")
    (package / "mine.yaml").write_text("nasdip: 1\narchitecture: {levels: 2, activation: boom}\n")
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert [f["what"].partition(":")[0] for f in findings if f["check"] == "factory"] == [
        "architecture 'mine' cannot be built"
    ]


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        ("upsampling", "channel_divisor"),
        ("baseline", "tasks"),
        ("refine", "tasks"),
        ("metric", "higher_is_better"),
    ],
)
def test_a_function_where_a_class_is_needed(
    tmp_path: Path, nasdip_cli: Cli, kind: str, variable: str
) -> None:
    path = tmp_path / "throwaway_function.py"
    path.write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        f"    return [Offer('{kind}', 'mine', 'made', factory='throwaway_function:make')]\n"
        "def make(*_, **__):\n    return None\n"
    )
    code, findings = checked(nasdip_cli, path)
    assert code == ExitCode.PLUGIN
    assert [f["check"] for f in findings] == ["factory"]
    assert f"'throwaway_function:make' has no '{variable}'; name a class" in findings[0]["what"]


def test_why_tests_cannot_be_collected(project: Path, nasdip_cli: Cli) -> None:
    (project / "tests" / "test_broken.py").write_text("import nowhere_at_all\n")
    code, findings = checked(nasdip_cli, project)
    assert code == ExitCode.PLUGIN
    assert "No module named 'nowhere_at_all'" in findings[0]["what"]


def test_files_of_the_current_folder_are_not_imported(
    tmp_path: Path, nasdip_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_plugin("nasdip-tidy", "activation", tmp_path / "tidy")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path / "here")
    answer = nasdip_cli("plugins", "check", tmp_path / "tidy")
    assert answer.code == 0, answer.out + answer.err


def test_what_is_nothing_is_told(tmp_path: Path, nasdip_cli: Cli) -> None:
    for what in (tmp_path / "nowhere", tmp_path):
        answer = nasdip_cli("plugins", "check", what)
        assert answer.code == ExitCode.PLUGIN
        assert answer.err.startswith("error: ")
        assert len(answer.err.splitlines()) == 1


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
