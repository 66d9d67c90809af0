"""Studies that are made up, and the page of one as a tree."""

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from nasdip_core.imaging.picture import Picture
from nasdip_core.searching.page import write_search_page
from nasdip_core.searching.summary import summary
from nasdip_core.study.best import Place, note_places
from nasdip_core.study.study import SCHEMA, create_study

KERNELS, ORDERS = (1, 3, 5), ("first", "last")


def settings(pictures: Sequence[str] = ("a.png",), **others: Any) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "task": "denoise",
        "space": {"uses": "toy", "with": {"most": 3}},
        "proxy": {"decoder.widths": [[128, 128], [32, 32]], "skip.widths": [[4, 8], [2, 4]]},
        "strategy": {"uses": "random", "with": {}},
        "reward": {"uses": "psnr", "with": {}},
        "pruner": {"uses": "none"},
        "pictures": dict.fromkeys(pictures, "0" * 64),
        "validation": list(pictures[3::4]),
        **others,
    }


def trial(
    number: int,
    values: Sequence[float] | None = None,
    state: TrialState = TrialState.COMPLETE,
    **attributes: Any,
) -> FrozenTrial:
    params = {"kernel": KERNELS[number % 3], "order": ORDERS[number // 3 % 2], "depth": 4}
    kinds = {"kernel": KERNELS, "order": ORDERS, "depth": (4,)}
    return create_trial(
        params=params,
        distributions={
            name: optuna.distributions.CategoricalDistribution(choices)
            for name, choices in kinds.items()
        },
        values=values,
        state=state,
        user_attrs={"parameters": 1000 * (number + 1), "macs": 2_500_000, **attributes},
    )


def found(
    trials: Sequence[FrozenTrial],
    told: Mapping[str, Any] | None = None,
    places: Sequence[Place] | None = None,
    *,
    by_cost: bool = False,
) -> dict[str, Any]:
    """Return what a study with these trials says of itself."""
    storage = optuna.storages.InMemoryStorage()
    study = create_study(storage, "memory", "s", told or settings(), by_cost=by_cost)
    study.add_trials(trials)
    if places is not None:
        note_places(study, places)
    return summary(study)


def mixed() -> list[FrozenTrial]:
    """One trial of every state, and some more."""
    return [
        trial(0, [20.0], known="nas-dip-denoise"),
        trial(1, [22.0]),
        trial(2, None, TrialState.FAIL, reason="out of memory"),
        trial(3, None, TrialState.PRUNED, estimate=18.5),
        trial(4, [22.0], outcome="duplicate"),
        trial(5, [18.0], outcome="infeasible", reason="limits.macs: 3 > 2"),
        trial(6, [21.0]),
        trial(7, None, TrialState.FAIL, reason="out of memory"),
        trial(8, None, TrialState.RUNNING),
    ]


class Shown:
    """The page as a tree; well-formed, or it cannot be made."""

    def __init__(
        self, folder: Path, what: Mapping[str, Any], pictures: Mapping[str, Picture] | None = None
    ) -> None:
        path = folder / "index.html"
        write_search_page(path, what, pictures or {})
        assert [file.name for file in folder.iterdir()] == ["index.html"]
        self.html = path.read_text(encoding="utf-8")
        self.size = path.stat().st_size
        main = self.html[self.html.index("<main>") : self.html.index("</main>") + len("</main>")]
        self.tree = ElementTree.fromstring(re.sub(r"<img ([^>]*)>", r"<img \1/>", main))

    @property
    def facts(self) -> dict[str, str]:
        cards = self.tree.findall(".//dl/div")
        return {card.findtext("dt", ""): card.findtext("dd", "") for card in cards}

    @property
    def notes(self) -> list[str]:
        return [note.text or "" for note in self.tree.findall(".//ul[@class='notes']/li")]

    @property
    def sections(self) -> list[str]:
        return [heading.text or "" for heading in self.tree.iter("h2")]

    def rows(self, name: str) -> list[list[str]]:
        """Return the table of that label, its header first."""
        (table,) = self.tree.findall(f".//div[@aria-label='{name}']/table")
        return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]

    def marks(self, kind: str) -> int:
        """Return how many marks of a shape the first chart has."""
        chart = self.tree.find(".//figure[@class='chart']/svg")
        assert chart is not None
        paths = [p for p in chart.iter("path") if kind in (p.get("class") or "").split()]
        return sum(path.attrib["d"].count("M") for path in paths)


def random_trials(number: int, *, by_cost: bool = False, offset: float = 25.0) -> list[FrozenTrial]:
    draws = random.Random(0)
    return [
        trial(n, [offset + draws.gauss(0, 1), *([10 ** draws.uniform(7, 10)] if by_cost else [])])
        for n in range(number)
    ]
