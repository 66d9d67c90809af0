"""Plugins that take part in what nasdip does, none of which can break it."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pluggy import HookImpl

from nasdip_core.calls import call
from nasdip_core.errors import PluginError
from nasdip_core.hooks import Command, FinishedTrial, PageSection, Run
from nasdip_core.plugins import Plugins
from nasdip_core.tracker import Tracker

if TYPE_CHECKING:
    from nasdip_core.fit.events import Event

Item = TypeVar("Item")


class Behaviour:
    """Calls hooks; a plugin that raises is reported once and switched off from then on."""

    def __init__(self, plugins: Plugins, report: Callable[[str, str], None]) -> None:
        """`report` takes the plugin and a sentence that says what it did."""
        self._plugins = plugins
        self._report = report
        self._off: set[str] = set()

    def on_trial(self, trial: FinishedTrial) -> None:
        """Tell of a trial of a search that has ended."""
        self.tell("nasdip_on_trial", trial=trial)

    def commands(self) -> list[tuple[str, Command]]:
        """Return the commands that plugins add, each with the plugin."""
        return self.gather("nasdip_add_commands", Command)

    def tell(self, hook: str, **arguments: Any) -> None:
        """Call a hook that returns nothing."""
        for implementation in self._plugins.implementations(hook):
            make = partial(call, hook, implementation, arguments)
            self.contained(implementation.plugin_name, hook, make)

    def gather(self, hook: str, item: type[Item], **arguments: Any) -> list[tuple[str, Item]]:
        """Return what a hook returns, each item with the plugin; a list of any else is an error."""

        def made(implementation: HookImpl) -> list[Item]:
            found = list(call(hook, implementation, arguments) or [])
            wrong = next((one for one in found if not isinstance(one, item)), None)
            if wrong is not None:
                raise PluginError(f"it returned {wrong!r}, which is no {item.__name__}")
            return found

        gathered: list[tuple[str, Item]] = []
        for implementation in self._plugins.implementations(hook):
            name = implementation.plugin_name
            found = self.contained(name, hook, partial(made, implementation))
            gathered += [(name, one) for one in found or []]
        return gathered

    def contained(self, plugin: str, what: str, make: Callable[[], Item]) -> Item | None:
        """Return what a plugin makes; None where it raises or is switched off."""
        if plugin in self._off:
            return None
        try:
            return make()
        except (Exception, SystemExit) as error:
            self._off.add(plugin)
            said = str(error) if isinstance(error, PluginError) else repr(error)
            said = " ".join(said.split())
            self._report(plugin, f"plugin '{plugin}' is switched off for this run: {what}: {said}")
            return None


class RunWatch:
    """What plugins and trackers hear of one restoration, from its beginning to its end."""

    def __init__(self, plugins: Plugins, trackers: Mapping[str, Tracker]) -> None:
        self.notes: list[str] = []
        """What went wrong, and whatever else the user of the run should know."""
        self._behaviour = Behaviour(plugins, lambda _, sentence: self.notes.append(sentence))
        self._trackers = {f"tracker {name}": tracker for name, tracker in trackers.items()}
        self._listens = bool(trackers or plugins.implementations("nasdip_on_event"))
        self._run: Run | None = None
        self._result: Mapping[str, Any] | None = None

    def __enter__(self) -> "RunWatch":
        return self

    def begin(self, run: Run) -> None:
        """Tell of a run before its first fit."""
        # Those who listen change nothing.
        self._run = run = replace(run, settings=deepcopy(dict(run.settings)))
        self._behaviour.tell("nasdip_before_run", run=run)
        for name, tracker in self._trackers.items():
            self._behaviour.contained(name, "begin", partial(tracker.begin, run))

    @property
    def observers(self) -> "Sequence[Callable[[Event], None]]":
        """What the fits tell their events."""
        return [self._observe] if self._listens else []

    def sections(self, result: Mapping[str, Any]) -> list[PageSection]:
        """Return the sections that plugins add to the page of the run."""
        copied = deepcopy(dict(result))
        found = self._behaviour.gather(
            "nasdip_add_page_sections", PageSection, run=self._run, result=copied
        )
        return [section for _, section in found]

    def done(self, result: Mapping[str, Any]) -> None:
        """Take the result of a run whose files are all written."""
        self._result = deepcopy(dict(result))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell of the end, which comes to a run that fails as well."""
        if self._run is None:
            return
        self._behaviour.tell("nasdip_after_run", run=self._run, result=self._result)
        for name, tracker in self._trackers.items():
            self._behaviour.contained(name, "end", partial(tracker.end, self._result))

    def _observe(self, event: "Event") -> None:
        self._behaviour.tell("nasdip_on_event", run=self._run, event=event)
        for name, tracker in self._trackers.items():
            self._behaviour.contained(name, "observe", partial(tracker.observe, event))
