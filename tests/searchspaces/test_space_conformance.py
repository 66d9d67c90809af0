"""The conformance class of spaces catches the spaces that it is for."""

from collections.abc import Callable, Sequence
from types import MappingProxyType

import pytest

from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import NasdipError
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, Choices, Decision, InfeasibleError, SearchSpace
from nasdip_core.testing import SpaceConformance

PLUGINS = Plugins.discover()


class Sound(SearchSpace):
    """Width, depth, and how wide a connection is where there is one."""

    decisions: Sequence[Decision] = (
        Decision("levels", (1, 2)),
        Decision("width", (4, 8)),
        Decision("residual", ("none", "same-level")),
        Decision("skip", (2, 4)),
    )
    size = 12

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        if decision.name == "skip" and made["residual"] == "none":
            return (4,)
        return decision.choices

    def decode(self, choices: Choices) -> Architecture:
        width = choices["width"]
        return Architecture.model_validate(
            {
                "levels": choices["levels"],
                "encoder": {"widths": width},
                "decoder": {"widths": width},
                "skip": {"widths": choices["skip"]},
                "residual": choices["residual"],
            }
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        choices = self.canonical(
            {
                "levels": architecture.levels,
                "width": architecture.decoder.widths[0],
                "residual": architecture.residual.uses,
                "skip": architecture.skip.widths[0],
            }
        )
        if self.decode(choices) != architecture:
            raise InfeasibleError("the network is no point of this space")
        return choices


class TestSound(SpaceConformance):
    @pytest.fixture
    def space(self) -> SearchSpace:
        return Sound()


class Twice(Sound):
    """Has two decisions of one name."""

    decisions = (*Sound.decisions, Decision("skip", (2, 4)))


class Equal(Sound):
    """Has choices that Python takes for equal."""

    decisions = (Decision("levels", (1, True, 2)), *Sound.decisions[1:])


class Unplain(Sound):
    """Has a choice that is no JSON value."""

    decisions = (Decision("levels", ((1, 2), 3)), *Sound.decisions[1:])  # type: ignore[arg-type]


class Closed(Sound):
    """Leaves nothing open."""

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        return () if made.get("levels") == 2 else decision.choices


class Moody(Sound):
    """Opens other choices at every call."""

    def __init__(self) -> None:
        self.calls = 0

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        self.calls += 1
        return decision.choices[self.calls % 2 :]


class Stubborn(Sound):
    """Takes no other choice where one is open."""

    def canonical(self, choices: Choices) -> dict[str, Choice]:
        if choices != super().canonical(choices):
            raise InfeasibleError("say it exactly")
        return dict(choices)


class Generous(Sound):
    """Forgives a choice that is ruled out."""

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        return (1,) if decision.name == "levels" else super().allowed(decision, made)

    def canonical(self, choices: Choices) -> dict[str, Choice]:
        return dict(choices)


class Unmasked(Sound):
    """Tells the networks without connections twice."""

    size = 16

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        return decision.choices

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        choices = super().encode(architecture)
        return choices if choices["residual"] != "none" else {**choices, "skip": 2}


class Credulous(Sound):
    """Takes any network for its own."""

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        return {"levels": architecture.levels, "width": 4, "residual": "none", "skip": 2}


class Counting(Sound):
    """Returns another network at every call."""

    calls = 0

    def decode(self, choices: Choices) -> Architecture:
        self.calls += 1
        return super().decode(choices).model_copy(update={"activation": f"act-{self.calls}"})


class Miscounted(Sound):
    """Has more points than it says."""

    size = 11


class Overcounted(Sound):
    """Has fewer points than it says."""

    size = 13


class Unfitting(Sound):
    """Was made for a fit that there is not."""

    fit = MappingProxyType({"step": 100})


class Unbuildable(Sound):
    """Makes networks of an op that there is not."""

    def decode(self, choices: Choices) -> Architecture:
        return super().decode(choices).model_copy(update={"activation": "missing"})


class Widening(Sound):
    """Fits a larger network than it is asked for."""

    def proxy(self, architecture: Architecture) -> Architecture:
        return architecture.model_copy(update={"working_resolution": 1, "activation": "prelu",
            "decoder": architecture.decoder.model_copy(update={"convolutions": 3})})  # fmt: skip


CHECKS = SpaceConformance()


@pytest.mark.parametrize(
    ("space", "check"),
    [
        (Twice, CHECKS.test_decisions_can_be_kept),
        (Equal, CHECKS.test_decisions_can_be_kept),
        (Unplain, CHECKS.test_decisions_can_be_kept),
        (Closed, CHECKS.test_some_choice_is_always_open),
        (Moody, CHECKS.test_some_choice_is_always_open),
        (Stubborn, CHECKS.test_choices_that_do_not_matter_are_replaced),
        (Generous, CHECKS.test_choices_that_do_not_matter_are_replaced),
        (Unmasked, CHECKS.test_an_architecture_tells_its_choices),
        (Credulous, lambda space: CHECKS.test_a_stranger_is_refused(space, PLUGINS)),
        (Counting, CHECKS.test_is_pure),
        (Miscounted, CHECKS.test_size_is_the_number_of_points),
        (Overcounted, CHECKS.test_size_is_the_number_of_points),
        (Unfitting, CHECKS.test_its_fit_is_made_of_fit_options),
        (Unbuildable, lambda space: CHECKS.test_every_point_can_be_built(space, PLUGINS)),
        (Widening, lambda space: CHECKS.test_every_point_can_be_built(space, PLUGINS)),
    ],
)
def test_a_broken_space_is_caught(
    space: type[SearchSpace], check: Callable[[SearchSpace], None]
) -> None:
    with pytest.raises((AssertionError, NasdipError)):
        check(space())
