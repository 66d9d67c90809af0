"""The contract of `tracker` plugins: readers of the runs that ask for them (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nasdip_core.hooks import Run

if TYPE_CHECKING:
    from nasdip_core.fit.events import Event


class Tracker(ABC):
    """Base of `tracker` plugins, constructed without arguments; one object a run.

    One that raises is reported once and hears no more; the run goes on.
    """

    def begin(self, run: Run) -> None:
        """Hear of a run before its first fit; a resumed one begins again."""

    @abstractmethod
    def observe(self, event: "Event") -> None:
        """Take one event of `nasdip_core.fit.events`. The fit waits: be quick."""

    def end(self, result: Mapping[str, Any] | None) -> None:
        """Take the `nasdip.result/1` object of the run once its files are there; None: it failed.

        Not called where `begin` was not.
        """
