"""What a bench compares."""

from pathlib import Path

from nasdip_core.bench.units import Method, looked_up
from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.plugins import Plugins


def method(task: str, name: str, plugins: Plugins) -> Method:
    (found,), _ = looked_up(
        task, {}, plugins, archs=[], presets=[], baselines=[name], metrics=[], base=Path()
    )
    return found


def test_a_task_named_with_its_distribution_has_its_baselines(plugins: Plugins) -> None:
    for name in ("wavelet", "collaborative"):
        assert method("nasdip:denoise", name, plugins) == method("denoise", name, plugins)


def test_a_classical_method_has_no_guide(plugins: Plugins) -> None:
    (found,), _ = looked_up(
        "denoise",
        {"recipe": {"guide": "collaborative"}},
        plugins,
        archs=[],
        presets=[],
        baselines=["collaborative"],
        metrics=[],
        base=Path(),
    )
    assert found.request["recipe"]["guide"] is None


def test_a_guest_takes_over_no_name_of_a_built_in(plugins: Plugins) -> None:
    class Guest:
        @hookimpl
        def nasdip_offers(self) -> list[Offer]:
            collaborative, wavelet = (
                plugins.find(*built_in).offer.factory
                for built_in in (("refine", "collaborative"), ("baseline", "wavelet"))
            )
            return [
                Offer("refine", "wavelet", "toy", factory=collaborative),
                Offer("baseline", "collaborative", "toy", factory=wavelet),
                Offer("refine", "mine", "toy", factory=collaborative),
            ]

    assert plugins.add(Guest(), "guest", "guest").state == "loaded"
    assert method("denoise", "wavelet", plugins).baseline == "wavelet"
    assert method("denoise", "collaborative", plugins).request["recipe"]["refine"]
    for name in ("mine", "guest:mine", "nasdip:collaborative"):
        refine = method("denoise", name, plugins).request["recipe"]["refine"]
        assert [use["uses"] for use in refine] == [name]
    assert method("denoise", "nasdip:wavelet", plugins).baseline == "nasdip:wavelet"
    assert method("denoise", "guest:collaborative", plugins).baseline == "guest:collaborative"
