"""The contract of `step` plugins: what a pipeline does beside restoring pictures (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from nasdip_core.options import Options

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins


class StepOptions(Options):
    """Base of a step's options (its `with`), with what can be told of the step before it runs."""

    outputs: ClassVar[Mapping[str, str]]
    """Names that later steps can refer to, as `${ID.NAME}`, and what they are."""
    read: ClassVar[frozenset[str]] = frozenset()
    """Options that name files or folders which must be there, where no earlier step makes them."""
    written: ClassVar[frozenset[str]] = frozenset()
    """Options that name what the step writes: it is no input, whatever is there."""
    amount: ClassVar[frozenset[str]] = frozenset()
    """Options that say how much is done: where they alone change, what is there goes on."""

    def check(self, plugins: "Plugins", base: Path) -> None:
        """Raise NasdipError for what can be told to be wrong before anything runs.

        Paths are relative to `base`. Values may refer to steps that are still to run.
        """


@dataclass(frozen=True, slots=True)
class StepContext:
    """Where a step runs."""

    folder: Path
    """The step's own folder; it exists."""
    base: Path
    """The folder of the pipeline file, which paths in options are relative to."""
    plugins: "Plugins"
    say: Callable[[str], None]
    """Takes a line for the user."""
    again: bool = False
    """What an earlier attempt has left in the folder is of other inputs, or not wanted again."""

    def path(self, name: str) -> Path:
        """Return a path that the options name."""
        return self.base / name


class Step(ABC):
    """Base of `step` plugins, constructed with the fields of their options model."""

    @abstractmethod
    def run(self, context: StepContext) -> Mapping[str, str]:
        """Do the work and return the outputs: absolute paths, or what else a `with` can name.

        A step that was interrupted is run again in the same folder and goes on if it can; with
        `again` it begins anew.
        Raises NasdipError.
        """
