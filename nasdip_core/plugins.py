"""All plugins of this environment, each isolated from the others, and lookup of what they offer."""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pluggy

from nasdip_core.calls import call, watched_import
from nasdip_core.discovery import FILE, Source, sources
from nasdip_core.errors import PluginError, did_you_mean, nearest
from nasdip_core.hooks import (
    API_VERSION,
    ENTRY_POINT_GROUP,
    KINDS,
    BehaviourSpecs,
    Offer,
    OfferSpecs,
)
from nasdip_core.plugin_settings import DISABLE, disabled_in_environment, disabled_in_file
from nasdip_core.registration import OWN_DISTRIBUTION, Plugin, Registration, State

__all__ = ["OWN_DISTRIBUTION", "Plugin", "Plugins", "Registration", "State"]


class Plugins:
    """All plugins of this environment. Made once by the entry point and handed down."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
        self._manager.add_hookspecs(OfferSpecs)
        self._manager.add_hookspecs(BehaviourSpecs)
        self.plugins: list[Plugin] = []
        self._registrations: list[Registration] = []

    @classmethod
    def discover(cls) -> "Plugins":
        """Load every plugin of this environment, our own first, and isolate failures.

        Those that `NASDIP_DISABLE_PLUGINS` (by commas) or the user's settings name, by their name,
        `dist:name` or `dist`, are left out. Raises PluginError where the settings cannot be read.
        """
        plugins = cls()
        why = dict.fromkeys(disabled_in_file(), "by `nasdip plugins disable`")
        why |= dict.fromkeys(disabled_in_environment(), f"named in {DISABLE}")
        for source in sources():
            plugin = Plugin(
                source.name, source.distribution, source.version, source.value, "disabled"
            )
            word = next((name for name in plugin.names if name in why), None)
            if word is None:
                plugins._load(source)
            else:
                plugins.plugins.append(replace(plugin, reason=why[word]))
        return plugins

    def add(
        self,
        module: object,
        name: str,
        distribution: str,
        version: str = "0",
        value: str = "",
    ) -> Plugin:
        """Register one plugin object and its offers; a defect makes it `failed`, never raises."""
        value = value or getattr(module, "__name__", name)
        id_ = f"{distribution}:{name}"
        if self._manager.is_registered(module) or self._manager.has_plugin(id_):
            return self._record(name, distribution, version, value, "failed", "registered already")
        try:
            self._manager.register(module, name=id_)
            callers = self._manager.get_hookcallers(module) or []
            unknown = [
                caller.name
                for caller in callers
                # `optionalhook` says: written for a later nasdip as well.
                if not caller.has_spec()
                and not all(impl.optionalhook for impl in caller.get_hookimpls())
            ]
            if unknown:
                hint = did_you_mean(unknown[0], _hook_names())
                raise PluginError(f"unknown hook '{unknown[0]}'", hint)
            for caller in callers:
                if any(impl.wrapper or impl.hookwrapper for impl in caller.get_hookimpls()):
                    hint = "leave `wrapper` and `hookwrapper` out: hooks only listen"
                    raise PluginError(f"hook '{caller.name}' is a wrapper", hint)
            if not callers:
                raise PluginError("no hook is implemented", _misspelt_hook(module))
            registrations = list(self._offers_of(module, id_))
        except (Exception, SystemExit) as error:
            if self._manager.is_registered(module):
                self._manager.unregister(module)
            return self._record(name, distribution, version, value, "failed", _said(error))
        self._registrations.extend(registrations)
        refused = [r for r in registrations if r.state != "loaded"]
        if not refused:
            return self._record(name, distribution, version, value, "loaded")
        reason = "; ".join(f"{r.offer.kind}.{r.offer.name}: {r.reason}" for r in refused)
        usable = any(r.state in ("loaded", "shadowed") for r in registrations)
        state = "loaded" if usable else refused[0].state
        return self._record(name, distribution, version, value, state, reason)

    def registrations(self, kind: str | None = None, pattern: str = "*") -> list[Registration]:
        """Return what is offered, sorted by kind and name, the built-ins first among equals."""
        order = list(KINDS)
        found = [
            r
            for r in self._registrations
            if (kind is None or r.offer.kind == kind) and fnmatchcase(r.offer.name, pattern)
        ]
        return sorted(
            found,
            key=lambda r: (
                order.index(r.offer.kind) if r.offer.kind in order else len(order),
                r.offer.name,
                r.distribution != OWN_DISTRIBUTION,
            ),
        )

    def find(self, kind: str, name: str) -> Registration:
        """Return the offer of a kind by its name or `dist:name`.

        Raises PluginError when it is unknown, ambiguous, incompatible or its plugin failed.
        """
        of_kind = self.registrations(kind)
        found = [r for r in of_kind if r.qualified == name] or [
            r for r in of_kind if r.offer.name == name
        ]
        usable = [r for r in found if r.state in ("loaded", "shadowed")]
        if not usable:
            if found:
                raise PluginError(f"{kind} '{name}' is {found[0].state}: {found[0].reason}")
            raise PluginError(f"unknown {kind} '{name}'", self._hint(kind, name, of_kind))
        first = [r for r in usable if r.state == "loaded"] or usable
        if len(first) > 1:
            choices = " or ".join(f"'{r.qualified}'" for r in first)
            raise PluginError(f"{kind} '{name}' is offered by several plugins", f"say {choices}")
        return first[0]

    def create(self, kind: str, name: str, *args: Any, **kwargs: Any) -> Any:
        """Resolve the factory of an offer and call it."""
        return self.find(kind, name).create(*args, **kwargs)

    def implementations(self, hook: str) -> list[pluggy.HookImpl]:
        """Return what implements a hook, in the order in which it is called."""
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def hooks_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the hooks that a loaded plugin implements."""
        module = self._manager.get_plugin(plugin.id)
        callers = None if module is None else self._manager.get_hookcallers(module)
        return sorted(caller.name for caller in callers or [])

    def plugin(self, name: str) -> Plugin:
        """Return a plugin by its name, `dist:name` or `dist`.

        Raises PluginError when it is unknown, or several go by that name.
        """
        found = [p for p in self.plugins if p.id == name]
        found = found or [p for p in self.plugins if name in p.names]
        if not found:
            known = {word for p in self.plugins for word in p.names}
            raise PluginError(f"unknown plugin '{name}'", did_you_mean(name, known))
        if len(found) > 1:
            choices = " or ".join(f"'{p.id}'" for p in found)
            raise PluginError(f"several plugins are called '{name}'", f"say {choices}")
        return found[0]

    def _load(self, source: Source) -> None:
        """Import one plugin and note how it went."""
        names = (source.name, source.distribution, source.version, source.value)
        with watched_import(source.module) as seen:
            try:
                module = source.load()
            except (Exception, SystemExit) as error:
                self._record(*names, "failed", _said(error))
            else:
                self.add(module, *names)
        self.plugins[-1] = replace(
            self.plugins[-1], seconds=round(seen.seconds, 4), remarks=seen.remarks
        )

    def _hint(self, kind: str, name: str, of_kind: list[Registration]) -> str:
        known = [r.offer.name for r in of_kind if r.state == "loaded"]
        broken = [p for p in self.plugins if p.state != "loaded"]
        named = any(p.name == FILE and p.state == "failed" for p in broken)
        if broken and (named or nearest(name, known) is None):
            listed = ", ".join(f"{p.id} is {p.state} ({p.reason})" for p in broken)
            return f"{did_you_mean(name, known)}; plugin {listed}"
        return did_you_mean(name, known)

    def _offers_of(self, module: object, plugin: str) -> Iterator[Registration]:
        for caller in self._manager.get_hookcallers(module) or []:
            if caller.name != "nasdip_offers":
                continue
            for implementation in caller.get_hookimpls():
                if implementation.plugin is not module:
                    continue
                seen: set[tuple[str, str]] = set()
                # A guest may return anything, whatever the hook's signature says.
                returned: Any = call(caller.name, implementation, {})
                for offer in returned or []:
                    _check(offer)
                    if (offer.kind, offer.name) in seen:
                        raise PluginError(f"offers {offer.kind} '{offer.name}' twice")
                    seen.add((offer.kind, offer.name))
                    yield self._register(offer, plugin)

    def _register(self, offer: Offer, plugin: str) -> Registration:
        distribution = plugin.partition(":")[0]
        reason = _incompatible(offer)
        if reason:
            return Registration(offer, plugin, "incompatible", reason)
        known = (offer.kind, offer.name)
        for other in self._registrations:
            if (other.offer.kind, other.offer.name) != known or other.state == "incompatible":
                continue
            if other.distribution == distribution:
                reason = f"plugin '{other.plugin}' offers it, too"
                return Registration(offer, plugin, "shadowed", reason)
            if other.distribution == OWN_DISTRIBUTION:
                reason = f"the built-in keeps this name; use '{distribution}:{offer.name}'"
                return Registration(offer, plugin, "shadowed", reason)
        return Registration(offer, plugin, "loaded")

    def _record(
        self, name: str, distribution: str, version: str, value: str, state: State, reason: str = ""
    ) -> Plugin:
        plugin = Plugin(name, distribution, version, value, state, " ".join(reason.split()))
        self.plugins.append(plugin)
        return plugin


def _said(error: BaseException) -> str:
    """Return an error of a plugin in words; ours say enough without their type."""
    return str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"


def _hook_names() -> list[str]:
    specs = {**vars(OfferSpecs), **vars(BehaviourSpecs)}
    return [name for name in specs if name.startswith("nasdip_")]


def _misspelt_hook(module: object) -> str:
    candidates = [name for name in dir(module) if nearest(name, _hook_names()) is not None]
    if candidates:
        return f"'{candidates[0]}' needs the name of a hook and the decorator @hookimpl"
    return f"define one of: {', '.join(_hook_names())}"


def _check(offer: object) -> None:
    if not isinstance(offer, Offer):
        raise PluginError(f"nasdip_offers returned {offer!r}", "return a list of Offer")
    if not offer.name or any(sign in offer.name for sign in ":#/ ."):
        raise PluginError(f"bad name '{offer.name}' of an offer", "use letters, digits and dashes")
    if (offer.factory is None) == (offer.resource is None):
        raise PluginError(f"{offer.kind} '{offer.name}' needs either a factory or a resource")


def _incompatible(offer: Offer) -> str:
    if offer.kind not in KINDS:
        return f"unknown kind '{offer.kind}', {did_you_mean(offer.kind, KINDS)}"
    if offer.api[0] != API_VERSION[0] or offer.api[1] > API_VERSION[1]:
        mine, ours = (".".join(map(str, version)) for version in (offer.api, API_VERSION))
        return f"made for plugin API {mine}, this nasdip has {ours}"
    return ""
