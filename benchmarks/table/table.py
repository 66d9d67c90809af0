"""The table, read: how good a network is, by task, picture, seed and iteration.

Needs numpy alone: copy this file and `table.npz` wherever you like.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("table.npz")
MISSING = np.iinfo(np.int16).min
"""Stored where a fit was not made, or diverged. Decibels are stored in hundredths."""
MEASURES = ("psnr", "validation", "stopped")
PROXIES = ("strip_mse", "strip_distance", "bandwidth", "seconds")
"""What is known of every fit beside its quality."""
COSTS = ("parameters", "macs", "full_parameters", "full_macs")
"""What is known of every network: of the slim one that was fitted, and of the one in use."""

Choices = Mapping[str, Any]
Values = NDArray[np.float32]


class Table:
    """Rewards of the networks of `nas-dip-cell` and some of `nas-dip`."""

    def __init__(self, file: Path = FILE) -> None:
        with np.load(file, allow_pickle=False) as arrays:
            self._arrays: dict[str, NDArray[Any]] = dict(arrays)
        meta = json.loads(str(self._arrays["meta"]))
        self.tasks: list[str] = meta["tasks"]
        self.pictures: list[str] = meta["pictures"]
        self.iterations: dict[str, list[int]] = meta["iterations"]
        """Of each setting: `small`, `low` or `full`."""
        self.decisions: dict[str, dict[str, list[Any]]] = meta["decisions"]
        """Of each space, in order: the choices of a decision."""
        self.pattern_cells: list[dict[str, Any]] = meta["pattern_cells"]
        """With which every pattern of `nas-dip` was run; its other points are joint draws."""
        self._place = {
            space: {bytes(row): place for place, row in enumerate(self._rows(space).tolist())}
            for space in self.decisions
        }
        self._values: dict[tuple[str, str, str], Values] = {}

    def spaces(self) -> list[str]:
        """Return the names of the spaces."""
        return list(self.decisions)

    def points(self, space: str) -> list[dict[str, Any]]:
        """Return the canonical choices of all networks of a space, whether fitted yet or not."""
        names = self.decisions[space]
        return [
            {name: names[name][index] for name, index in zip(names, row, strict=True)}
            for row in self._rows(space).tolist()
        ]

    def reward(
        self,
        task: str,
        choices: Choices,
        pictures: Sequence[int] = (0, 1),
        seeds: Sequence[int] = (0,),
        iterations: int | None = None,
        *,
        measure: str = "psnr",
        setting: str = "small",
    ) -> float:
        """Return the mean quality in dB of a network after so many iterations (None: all).

        `measure`: `psnr` of the averaged output; `validation`, -10 log10 of the error on
        measurements kept back; `stopped`, the PSNR of what they choose. Raises KeyError for choices
        that are not in the table, iterations that were not kept, or fits that were not made.
        """
        space, place = self.find(choices)
        at = self.column(setting, iterations)
        every = self.values(space, measure, setting)[self.tasks.index(task), place]
        found = every[np.ix_(list(pictures), list(seeds), [0 if measure == "stopped" else at])]
        mean = float(found.mean())
        if np.isnan(mean):
            raise KeyError(f"not all of these fits were made, or one diverged: {dict(choices)}")
        return mean

    def find(self, choices: Choices) -> tuple[str, int]:
        """Return space and place of canonical choices. Raises KeyError where they are in none."""
        for space, names in self.decisions.items():
            if names.keys() == choices.keys() and all(choices[n] in names[n] for n in names):
                place = self._place[space].get(bytes(names[n].index(choices[n]) for n in names))
                if place is not None:
                    return space, place
        raise KeyError(f"these choices are not in the table: {dict(choices)}")

    def column(self, setting: str, iterations: int | None) -> int:
        """Return the place of a number of iterations. Raises KeyError where it was not kept."""
        kept = self.iterations[setting]
        if iterations is not None and iterations not in kept:
            raise KeyError(f"{iterations} iterations were not kept, but {kept}")
        return len(kept) - 1 if iterations is None else kept.index(iterations)

    def values(self, space: str, measure: str, setting: str = "small") -> Values:
        """Return all there is, NaN where nothing: (tasks, points, pictures, seeds, columns).

        Columns are iterations for `psnr` and `validation`; any of `PROXIES` is a measure, too.
        """
        key = space, measure, setting
        if key not in self._values:
            self._values[key] = self._dense(space, measure, setting)
        return self._values[key]

    def means(self, space: str, task: str, pictures: Sequence[int] = (0, 1)) -> NDArray[np.float64]:
        """Return `stopped` of every point of a space, seed 0; NaN where fits are missing."""
        every = self.values(space, "stopped")[self.tasks.index(task), :, list(pictures), 0, 0]
        means: NDArray[np.float64] = every.mean(axis=0, dtype=np.float64)
        return means

    def costs(self, space: str, setting: str = "small") -> NDArray[np.float64]:
        """Return (points, 4) by `COSTS`, NaN where no fit was made."""
        found: NDArray[np.float64] = self._arrays[f"{space}/{setting}/costs"]
        return found

    def _rows(self, space: str) -> NDArray[np.uint8]:
        return self._arrays[f"{space}/points"]

    def _dense(self, space: str, measure: str, setting: str) -> Values:
        prefix = f"{space}/{setting}"
        where = self._arrays[f"{prefix}/where"]  # (fits, 4): task, point, picture, seed
        stored = self._arrays[f"{prefix}/{measure}"]
        stored = stored if stored.ndim == 2 else stored[:, None]
        values = stored.astype(np.float32)
        if measure in MEASURES:
            values = np.where(stored == MISSING, np.nan, values / 100).astype(np.float32)
        shape = (
            len(self.tasks),
            len(self._rows(space)),
            len(self.pictures),
            int(where[:, 3].max(initial=0)) + 1,
            values.shape[1],
        )
        dense = np.full(shape, np.nan, np.float32)
        dense[tuple(where.T)] = values
        return dense
