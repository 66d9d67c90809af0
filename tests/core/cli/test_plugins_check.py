"""`nasdip plugins check`: each ill is found, and said how to mend."""

import json
from pathlib import Path

import pytest
from checked_plugins import Cli, checked

from nasdip_core.authoring.new import new_plugin
from nasdip_core.errors import ExitCode


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
