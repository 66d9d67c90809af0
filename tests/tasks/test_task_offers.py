"""What nasdip_tasks offers, and that it costs nothing to say so."""

import subprocess
import sys

import pytest

from nasdip_core.baseline import Baseline
from nasdip_core.hooks import Offer
from nasdip_core.operators import LinearOperator
from nasdip_core.options import fields_of
from nasdip_core.plugins import Plugins
from nasdip_core.task import Task, TaskOptions
from nasdip_tasks.offers import nasdip_offers

PLUGINS = Plugins.discover()
OFFERS = nasdip_offers()
TASKS = [
    "inpaint",
    "denoise",
    "super-resolution",
    "deblur",
    "jpeg",
    "flash",
    "operator",
    "dehaze",
    "separate",
    "segment",
    "factorize",
    "translate",
]
OPERATORS = ["compressed-sensing", "fourier", "lanczos", "bicubic", "area"]


def label(offer: Offer) -> str:
    return f"{offer.kind}-{offer.name}"


def options_of(task: str) -> type[TaskOptions]:
    model = PLUGINS.find("task", f"nasdip:{task}").options()
    assert model is not None
    assert issubclass(model, TaskOptions)
    return model


def test_everything_is_offered() -> None:
    assert [offer.name for offer in OFFERS if offer.kind == "task"] == TASKS
    assert [offer.name for offer in OFFERS if offer.kind == "operator"] == OPERATORS


def test_everything_is_loaded() -> None:
    found = [r for r in PLUGINS.registrations() if r.offer in OFFERS]
    assert len(found) == len(OFFERS)
    assert {r.state for r in found} == {"loaded"}


def test_listing_never_imports_torch() -> None:
    script = (
        "import sys, nasdip_tasks.offers as offers\n"
        "from nasdip_core.options import fields_of\n"
        "from nasdip_core.plugins import Plugins\n"
        "plugins = Plugins.discover()\n"
        "for offer in offers.nasdip_offers():\n"
        "    model = plugins.find(offer.kind, offer.name).options()\n"
        "    if model is not None:\n"
        "        list(fields_of(model))\n"
        "    if offer.kind == 'task':\n"
        "        list(fields_of(model.Corruption))\n"
        "        model.implied(model.Corruption())\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("offer", OFFERS, ids=label)
def test_every_factory_follows_its_contract(offer: Offer) -> None:
    factory = PLUGINS.find(offer.kind, f"nasdip:{offer.name}").resolve()
    contracts = {"task": Task, "operator": LinearOperator, "baseline": Baseline}
    assert issubclass(factory, contracts[offer.kind])


@pytest.mark.parametrize("task", TASKS)
def test_every_option_has_a_description(task: str) -> None:
    model = options_of(task)
    for options in (model, model.Corruption):
        fields = list(fields_of(options))
        assert fields
        assert all(field.meaning for field in fields)


@pytest.mark.parametrize("task", TASKS)
def test_every_default_architecture_is_there(task: str) -> None:
    assert PLUGINS.find("architecture", options_of(task).architecture).resource().is_file()


@pytest.mark.parametrize("offer", OFFERS, ids=label)
def test_every_summary_is_one_short_line(offer: Offer) -> None:
    assert 0 < len(offer.summary) <= 80
    assert "\n" not in offer.summary
    assert not offer.summary.endswith(".")
