"""What became of a plugin, and of each thing that it offers."""

import importlib.resources
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from nasdip_core.errors import PluginError
from nasdip_core.hooks import Offer
from nasdip_core.options import Options, parse

OWN_DISTRIBUTION = "nasdip"
CLASS_VARIABLES = {
    "upsampling": "channel_divisor",
    "baseline": "tasks",
    "refine": "tasks",
    "metric": "higher_is_better",
}
"""Of these kinds the factory is a class, of which this is read before one is made."""
OPTION_VARIABLES = {
    "task": ("architecture", "Corruption", "demonstration"),
    "step": ("outputs",),
}
"""Of these kinds the options say more than their fields, in class variables without a default."""
CONTRACTS = {
    "upsampling": "nasdip_core.architecture.ops:Upsampling",
    "transform": "nasdip_core.architecture.ops:Transform",
    "activation": "torch.nn:Module",
    "space": "nasdip_core.space:SearchSpace",
    "network": "nasdip_core.architecture.network:Network",
    "task": "nasdip_core.task:Task",
    "operator": "nasdip_core.operators:Operator",
    "objective": "nasdip_core.objective:Objective",
    "refine": "nasdip_core.refine:Refine",
    "baseline": "nasdip_core.baseline:Baseline",
    "metric": "nasdip_core.metric:Metric",
    "features": "nasdip_core.features:Features",
    "reward": "nasdip_core.reward:Reward",
    "strategy": "nasdip_core.strategy:Strategy",
    "launcher": "nasdip_core.launcher:Launcher",
    "tracker": "nasdip_core.tracker:Tracker",
    "stopping": "nasdip_core.fit.stopping:StoppingRule",
    "step": "nasdip_core.step:Step",
}
"""What the factory of each kind makes."""
State = Literal["loaded", "disabled", "failed", "incompatible", "shadowed"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin and what became of it."""

    name: str
    distribution: str
    version: str
    module: str
    state: State
    reason: str = ""
    seconds: float = 0.0
    """What its import took."""
    remarks: tuple[str, ...] = ()
    """What it should not do, though it works."""

    @property
    def id(self) -> str:
        """The name by which the plugin is disabled: `distribution:entry-point`."""
        return f"{self.distribution}:{self.name}"

    @property
    def names(self) -> tuple[str, str, str]:
        """Every name that the plugin answers to."""
        return self.id, self.distribution, self.name

    @property
    def says(self) -> str:
        """The reason and the remarks in one line."""
        return "; ".join([self.reason] * bool(self.reason) + list(self.remarks))


@dataclass(frozen=True, slots=True)
class Registration:
    """An offer, who made it, and whether its short name leads to it."""

    offer: Offer
    plugin: str
    """The plugin's id."""
    state: State
    reason: str = ""

    @property
    def distribution(self) -> str:
        """The distribution of the plugin."""
        return self.plugin.partition(":")[0]

    @property
    def qualified(self) -> str:
        """The name that always leads to this offer: `dist:name`."""
        return f"{self.distribution}:{self.offer.name}"

    def resolve(self) -> Any:
        """Import and return the factory. Raises PluginError when that fails or it is no class."""
        if self.offer.factory is None:
            raise PluginError(f"{self._label} has no factory")
        factory = resolve(self.offer.factory, self._label)
        variable = CLASS_VARIABLES.get(self.offer.kind)
        if variable is not None and not hasattr(factory, variable):
            raise PluginError(
                f"{self._label}: its factory '{self.offer.factory}' has no '{variable}'",
                "name a class that has it",
            )
        return factory

    def options(self) -> type[BaseModel] | None:
        """Import and return the options model, if there is one."""
        if self.offer.options is None:
            return None
        model = resolve(self.offer.options, self._label)
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise PluginError(f"{self._label}: '{self.offer.options}' is no pydantic model")
        for variable in OPTION_VARIABLES.get(self.offer.kind, ()):
            if not hasattr(model, variable):
                raise PluginError(
                    f"{self._label}: its options '{self.offer.options}' have no '{variable}'",
                    f"derive them from nasdip_core.{self.offer.kind}."
                    f"{self.offer.kind.capitalize()}Options, and set it",
                )
        return model

    def located(self, given: Mapping[str, Any], where: str, base: Path | None) -> BaseModel:
        """Return the validated options, their files looked for in the folder `base`, if any.

        Raises OptionError for a bad option, with `where` as the dotted prefix.
        """
        options = parse(self.options() or Options, given, where)
        if base is None or not isinstance(options, Options):
            return options
        return options.located(base)

    def made(
        self, given: Mapping[str, Any], where: str, *args: Any, base: Path | None = None
    ) -> Any:
        """Return what the factory makes of `args` and the validated fields of the options model.

        `where` is the dotted prefix that errors name; files in options lie in the folder `base`.
        Raises OptionError for a bad option, PluginError where there is no factory.
        """
        # No dump of them: tuples, nested models and paths stay what they are.
        return self.create(*args, **dict(self.located(given, where, base)))

    def create(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the factory makes of arguments.

        Raises PluginError where it does not take them, or makes something else than its kind is.
        """
        factory = self.resolve()
        try:
            inspect.signature(factory).bind(*args, **kwargs)
        except TypeError as error:
            given = ", ".join([*(type(each).__name__ for each in args), *(f"{k}=" for k in kwargs)])
            raise PluginError(
                f"{self._label}: its factory '{self.offer.factory}' does not take ({given}): "
                f"{error}",
                f"see what a {self.offer.kind} is made with in the plugin guide",
            ) from None
        except ValueError:  # of some written in C nothing is known
            pass
        made = factory(*args, **kwargs)
        contract = CONTRACTS.get(self.offer.kind)
        if contract is not None and not isinstance(made, pkgutil.resolve_name(contract)):
            raise PluginError(
                f"{self._label}: its factory '{self.offer.factory}' made a {type(made).__name__}",
                f"derive it from {contract.replace(':', '.')}",
            )
        return made

    def text(self) -> str:
        """Return what the data file says. Raises PluginError where it cannot be read."""
        try:
            return self.resource().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise PluginError(
                f"{self._label}: cannot read '{self.offer.resource}': {reason}",
                "its package lacks the file, or names it wrongly",
            ) from None

    def resource(self) -> Traversable:
        """Return the data file of an offer that is data."""
        if self.offer.resource is None:
            raise PluginError(f"{self._label} has no resource")
        package, _, path = self.offer.resource.partition(":")
        try:
            return importlib.resources.files(package).joinpath(path)
        except Exception as error:
            raise PluginError(
                f"{self._label}: cannot open '{self.offer.resource}': {error}"
            ) from error

    @property
    def _label(self) -> str:
        return f"{self.offer.kind} '{self.offer.name}' of plugin '{self.distribution}'"


def resolve(target: str, label: str) -> Any:
    """Import what "package.module:attribute" names. Raises PluginError when that fails."""
    try:
        return pkgutil.resolve_name(target)
    except (Exception, SystemExit) as error:  # a plugin may fail in any way while it is imported
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(f"{label} cannot be loaded: {reason}") from error
