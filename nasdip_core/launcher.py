"""The contract of `launcher` plugins: where the workers of a search run (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from nasdip_core.errors import NasdipError


class Fleet(ABC):
    """Workers that have been started."""

    @abstractmethod
    def alive(self) -> int:
        """Return how many workers still run."""

    @abstractmethod
    def failures(self) -> list[NasdipError]:
        """Return why workers ended that should not have."""

    @abstractmethod
    def interrupt(self) -> None:
        """Ask the workers to end after the step that they are at, and wait until they have."""

    @abstractmethod
    def kill(self) -> None:
        """End what is left at once."""


class Launcher(ABC):
    """Base of `launcher` plugins, constructed with the fields of their options model."""

    @abstractmethod
    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        """Start workers that each call `nasdip_core.searching.worker.work(order)`.

        `order` is what JSON can hold. Raises RunError where they cannot be started.
        """
