"""The contract of `launcher` plugins: where workers run (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import NasdipError
from nasdip_core.options import Options, parse
from nasdip_core.plugins import Plugins

DEFAULT = "processes"


class Fleet(ABC):
    """Workers that have been started."""

    @abstractmethod
    def alive(self) -> int:
        """Return how many workers still run."""

    @abstractmethod
    def failures(self) -> list[NasdipError]:
        """Return why workers ended that should not have.

        Asked again and again while the others work: each time of all that ended, also of those that
        were killed and said nothing.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Ask the workers to end after the step that they are at, and wait until they have."""

    @abstractmethod
    def kill(self) -> None:
        """End what is left at once."""


class Launcher(ABC):
    """Base of `launcher` plugins, constructed with the fields of their options model."""

    def threads(self, workers: int) -> int | None:
        """Return with how many threads each of so many workers computes; None: torch's choice."""
        return None

    def gpu_memory(self, workers: int) -> float:
        """Return which part of a GPU's memory each of so many workers may take, in (0, 1]."""
        return 1.0

    @abstractmethod
    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        """Start workers that each do `order` as `python -m nasdip_core.worker` does.

        `order` is what JSON can hold. The handlers of signals stay the command's own. Raises
        RunError where they cannot be started.
        """


class LauncherChoice(Options):
    """Which launcher a command takes, as `-S launcher.with.NAME=VALUE` may say."""

    launcher: Use = Use(uses=DEFAULT)


def chosen_launcher(content: Mapping[str, Any], plugins: Plugins) -> Launcher:
    """Return the launcher that `launcher` of a request's content asks for.

    Raises PluginError for an unknown name, OptionError for bad options.
    """
    use = parse(LauncherChoice, {k: v for k, v in content.items() if k == "launcher"}, "").launcher
    registration = plugins.find("launcher", use.uses)
    launcher: Launcher = registration.made(use.with_, "launcher.with")
    return launcher
