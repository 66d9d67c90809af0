"""Checks a plugin: what would keep it from working in another place, and how to mend it."""

import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from nasdip_core.authoring.subject import Metadata, Subject, subject

_PROBE_SECONDS = 120
_TESTS_SECONDS = 1800
"""For all tests of a plugin; those of one that waits for ever must not hold the command up."""
_ALTERNATIVES = {"task": "ProblemConformance", "operator": "MeasurementConformance"}
"""Contracts that a plugin of a kind may keep in place of the usual one."""
_NAMED = 20
"""Failed tests that are named one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong."""

    check: str
    level: Literal["error", "warning"]
    what: str
    mend: str


def check_plugin(name: str, say: Callable[[str], None]) -> list[Finding]:
    """Return the findings about a folder, a file or a distribution, errors first.

    Raises PluginError where `name` is none of these.
    """
    with tempfile.TemporaryDirectory(prefix="nasdip-check-") as scratch:
        (site := Path(scratch) / "site").mkdir()
        checked = subject(name, site)
        found = list(_metadata(checked.metadata)) if checked.metadata is not None else []
        if not checked.entries:
            found.append(_no_entries(checked))
        else:
            say("looking at its import, offers and options")
            seen, offers = _probe(checked, Path(scratch))
            found += seen
            # What is wrong already would only be told again by every test.
            if not any(f.level == "error" for f in seen):
                own = "" if checked.tests is None else " and its own tests"
                say(f"running the contracts{own}")
                failed, run = _tests(checked, Path(scratch))
                found += failed
                left = [offer for offer in offers if contract(*offer) not in run]
                found += _untested(checked, left)
    return sorted(found, key=lambda finding: finding.level != "error")


def contract(kind: str, name: str) -> str:
    """Return what the class of tests that is made of an offer alone is called."""
    return f"Test_{kind}_{name.replace('-', '_')}"


def _no_entries(checked: Subject) -> Finding:
    if checked.metadata is not None and "entry-points" in checked.metadata.dynamic:
        mend = f"install it, then: nasdip plugins check {checked.distribution}"
        return Finding("metadata", "error", "entry points are dynamic: nothing is looked at", mend)
    mend = '[project.entry-points.nasdip] with a line such as mine = "my_package.offers"'
    return Finding("metadata", "error", "no entry point of the group nasdip", mend)


def _metadata(metadata: Metadata) -> Iterator[Finding]:
    if not metadata.version:
        yield Finding("metadata", "error", "no version", "version in [project]")
    if not metadata.licence and not {"license", "classifiers"} & {*metadata.dynamic}:
        mend = 'license = "Apache-2.0", say, in [project]'
        yield Finding("metadata", "warning", "no licence is declared", mend)
    if not metadata.python and "requires-python" not in metadata.dynamic:
        mend = 'requires-python = ">=3.11" in [project]'
        yield Finding("metadata", "warning", "no version of Python is required", mend)
    ours = [r for r in metadata.requires if re.match(r"nasdip(?![\w.-])", r)]
    if "dependencies" in metadata.dynamic:
        what = "dependencies are dynamic: not looked at"
        yield Finding("metadata", "warning", what, "make sure that nasdip is among them")
    elif not ours:
        mend = 'dependencies = ["nasdip>=0.1"] in [project]'
        yield Finding("metadata", "error", "it does not require nasdip", mend)
    elif ">=" not in ours[0] and "~=" not in ours[0] and "==" not in ours[0]:
        mend = 'name the oldest that works: "nasdip>=0.1"'
        yield Finding("metadata", "warning", "any version of nasdip is taken", mend)


def _probe(checked: Subject, scratch: Path) -> tuple[list[Finding], list[tuple[str, str]]]:
    """Look at it in a process of its own, which it may well end; return kind and name of offers."""
    answer = scratch / "findings.json"
    # -P: what lies in the current folder is nothing to the plugin.
    words = ["-P", "-m", "nasdip_core.authoring.probe", checked.distribution, str(answer)]
    mend = "import nothing that ends the process"
    done = _python(words, checked, scratch, _PROBE_SECONDS)
    if done is None:
        what = f"its import takes more than {_PROBE_SECONDS} s"
        return [Finding("import", "error", what, "do nothing while it is imported")], []
    if not answer.exists():
        said = done.stderr.strip().splitlines()[-1:] or [""]
        what = f"its import ends the process with {done.returncode} {said[0]}".strip()
        return [Finding("import", "error", what, mend)], []
    told = json.loads(answer.read_text("utf-8"))
    offers = [(kind, name) for kind, name in told["offers"]]
    return [Finding(**finding) for finding in told["findings"]], offers


def _python(
    words: Sequence[str], checked: Subject, scratch: Path, seconds: int, folder: Path | None = None
) -> "subprocess.CompletedProcess[str] | None":
    """Run Python where the plugin can be found; None where it takes longer than so many seconds."""
    try:
        return subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=checked.environment(scratch),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def _tests(checked: Subject, scratch: Path) -> tuple[list[Finding], set[str]]:
    """Run the contracts that its offers tell of, and its own tests where they are at hand.

    Return what failed, and the classes that were run.
    """
    if find_spec("pytest") is None:
        missing = Finding("tests", "warning", "pytest is missing", "pip install 'nasdip[test]'")
        return [missing], set()
    contracts = scratch / "test_contracts_of_the_offers.py"
    contracts.write_text(
        "from nasdip_core.testing.offered import contracts\n"
        f"globals().update(contracts({checked.distribution!r}))\n"
    )
    report = scratch / "report.xml"
    words = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--junitxml={report}"]
    targets = [contracts, *([] if checked.tests is None else [checked.tests])]
    folder = scratch if checked.tests is None else checked.tests.parent
    words += [f"--rootdir={folder}", *_settings(folder), *map(str, targets)]
    done = _python(["-m", "pytest", *words], checked, scratch, _TESTS_SECONDS, folder)
    mend = "run pytest in its folder"
    if done is None:
        what = f"its tests take more than {_TESTS_SECONDS} s"
        return [Finding("tests", "error", what, mend)], set()
    if not report.exists():
        what = f"pytest ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
        return [Finding("tests", "error", " ".join(what.split()), mend)], set()
    cases = ET.parse(report).iter("testcase")
    run = {case.get("classname", "").rpartition(".")[2] for case in cases}
    failed = list(_failed(report))
    if (more := len(failed) - _NAMED) > 0:
        rest = Finding("tests", "error", f"{more} more tests fail", "run pytest in its folder")
        return [*failed[:_NAMED], rest], run
    return failed, run


def _settings(folder: Path) -> list[str]:
    """Return the words by which pytest finds the settings of a package: its contracts lie apart."""
    files = (folder / name for name in ("pytest.toml", "pytest.ini", "pyproject.toml"))
    found = next((str(file) for file in files if file.is_file()), None)
    return [] if found is None else ["-c", found]


def _failed(report: Path) -> Iterator[Finding]:
    for case in ET.parse(report).iter("testcase"):
        for outcome in (*case.iter("failure"), *case.iter("error")):
            name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
            said = outcome.get("message") or ""
            mend = "see the test's docstring in nasdip_core.testing for what is asked"
            if said == "collection failure":  # the reason is in the traceback alone
                said = (outcome.text or "").strip().splitlines()[-1].removeprefix("E")
                mend = "mend what keeps the tests from being collected"
            said = " ".join(said.split())[:200]
            yield Finding("tests", "error", f"{name}: {said}", mend)


def _untested(checked: Subject, left: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Say which of the offers that could not be made here no test in a package's folder makes."""
    if not checked.paths:
        return
    if checked.tests is None:
        mend = "inherit the classes of nasdip_core.testing in a folder tests"
        yield Finding("tests", "warning", "it has no tests", mend)
        return
    texts = [path.read_text("utf-8", "replace") for path in checked.tests.rglob("*.py")]
    for kind, name in left:
        if kind == "architecture":  # the probe has built it
            continue
        base = f"{kind.capitalize()}Conformance"
        bases = (base, _ALTERNATIVES.get(kind, base))
        if not any(each in text for text in texts for each in bases):
            what = f"{kind} '{name}' has not been run: no test inherits {base}"
            yield Finding("tests", "warning", what, f"from nasdip_core.testing import {base}")
