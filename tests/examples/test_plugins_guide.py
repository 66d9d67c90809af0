"""The plugin that `docs/plugins.md` builds: put together from the page, it works."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
BLOCK = re.compile(r"^```(?:python|toml|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files of the page, and its further offers in the list of the first one."""
    folder = tmp_path / "nasdip-mine"
    offers = ""
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        first = block.partition("\n")[0]
        if first.startswith("Offer("):
            offers += block
        elif re.fullmatch(r"# [\w/-]+\.\w+", first):
            path = folder / first.removeprefix("# ")
            assert not path.exists(), f"{path.name} stands on the page twice"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
    listed = folder / "nasdip_mine" / "offers.py"
    first_offers = listed.read_text(encoding="utf-8")
    assert first_offers.endswith("    ]\n")
    listed.write_text(first_offers.removesuffix("    ]\n") + offers + "    ]\n", encoding="utf-8")
    return folder


def test_the_plugin_of_the_page_works(
    project: Path, installed: Callable[[Path], Callable[..., str]]
) -> None:
    run = installed(project)
    listed = json.loads(run("nasdip", "list", "--json"))["offers"]
    offers = [offer for offer in listed if offer["plugin"] == "nasdip-mine"]
    assert {offer["state"] for offer in offers} == {"loaded"}, "a built-in has the name"
    assert {offer["kind"]: offer["name"] for offer in offers} == {
        "activation": "sine",
        "architecture": "mine",
        "baseline": "mean",
        "features": "colours",
        "metric": "absolute-error",
        "network": "stripes",
        "objective": "inside",
        "operator": "subsample",
        "refine": "bounded",
        "residual": "finest",
        "reward": "worst-channel",
        "space": "small",
        "stopping": "noise-floor",
        "strategy": "nearby",
        "task": "deinterlace",
        "tracker": "losses",
        "transform": "pointwise",
        "upsampling": "zero-insertion",
    }
    plan = run(
        "nasdip", "run", "--task", "deinterlace", "--arch", "mine", "--dry-run", "--json",
        "-S", "fit.stopping=noise-floor",
    )  # fmt: skip
    assert json.loads(plan)["stopping"] == "noise-floor"
    run(
        "nasdip", "run", "--task", "denoise", "--plugin", "slow_steps.py", "--tracker", "losses",
        "-S", "architecture.activation=gelu", "-S", "fit.steps=3", "-S", "fit.report_every=1",
        "-S", "recipe.fits=1", "-S", "corrupt.sigma=25", "-o", "out",
    )  # fmt: skip
    assert "Slowest step" in (project / "out" / "report.html").read_text(encoding="utf-8")
    lines = (project / "out" / "losses.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines] == [["fit", str(step)] for step in (1, 2, 3)]
    assert run("nasdip", "slowness", "--loud", "--plugin", "slow_steps.py") == "SLOW\n"
    printed = run("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "tests")
    assert re.search(r"^\d{2,} passed in", printed, re.MULTILINE)
