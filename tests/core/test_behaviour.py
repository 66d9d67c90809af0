"""Plugins take part in runs; none of them can break one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.behaviour import Behaviour
from nasdip_core.errors import OptionError
from nasdip_core.fit.events import Event, FitEnded, FitStarted, StepDone
from nasdip_core.hooks import Command, FinishedTrial, Offer, PageSection, Run
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugin, Plugins

Throwaway = Callable[..., Plugin]
Fit = Callable[..., Restored]
TRIAL = FinishedTrial("nasdip", 3, "done", {"width": 4}, 25.0)


def test_a_run_tells_of_itself_from_beginning_to_end(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit, tmp_path: Path
) -> None:
    heard: list[tuple[str, Any]] = []

    def nasdip_before_run(run: Run) -> None:
        assert not (tmp_path / "out" / "result.json").exists()
        heard.append(("before", run))

    def nasdip_on_event(event: Event) -> None:
        heard.append(("event", event))

    def nasdip_after_run(run: Run, result: Mapping[str, Any] | None) -> None:
        assert (tmp_path / "out" / "result.json").exists()
        heard.append(("after", (run, result)))

    nasdip_throwaway(
        nasdip_before_run=nasdip_before_run,
        nasdip_on_event=nasdip_on_event,
        nasdip_after_run=nasdip_after_run,
    )
    restored = nasdip_fit(output=tmp_path / "out", options={"corrupt.sigma": 25})
    (first, run), *events, (last, (again, result)) = heard
    assert (first, last) == ("before", "after")
    assert run is again
    assert (run.task, run.folder) == ("denoise", tmp_path / "out")
    assert run.settings["steps"][0]["with"]["fit"]["steps"] == 3
    assert result == restored.result
    told = [event for _, event in events]
    assert [type(event) for event in told] == [FitStarted, StepDone, StepDone, StepDone, FitEnded]
    assert [event.step for event in told[1:4]] == [1, 2, 3]
    assert not any("switched off" in note for note in restored.notes)


def test_what_a_hook_writes_into_the_settings_stays_its_own(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit, tmp_path: Path
) -> None:
    def nasdip_before_run(run: Run) -> None:
        assert isinstance(run.settings, dict)
        run.settings["name"] = "CHANGED"
        run.settings["steps"][0]["with"]["seed"] = 12345

    nasdip_throwaway(nasdip_before_run=nasdip_before_run)
    nasdip_fit(output=tmp_path / "out", options={"corrupt.sigma": 25})
    for name in ("report.html", "pipeline.yaml"):
        text = (tmp_path / "out" / name).read_text()
        assert "CHANGED" not in text
        assert "12345" not in text


def test_a_run_that_fails_ends_without_a_result(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit
) -> None:
    ended: list[object] = []

    def nasdip_after_run(result: Mapping[str, Any] | None) -> None:
        ended.append(result)

    nasdip_throwaway(nasdip_after_run=nasdip_after_run)

    def observer(event: Event) -> None:
        raise OptionError("the observer has had enough")

    with pytest.raises(OptionError, match="had enough"):
        nasdip_fit(observers=[observer])
    assert ended == [None]


@pytest.mark.parametrize("failure", [ValueError("a bug"), SystemExit(3)], ids=repr)
def test_one_that_raises_is_reported_once_and_switched_off(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit, failure: BaseException
) -> None:
    calls: list[str] = []

    def nasdip_on_event(event: Event) -> None:
        calls.append("broken")
        raise failure

    def nasdip_after_run(run: Run) -> None:
        calls.append("broken, after")

    def heard(event: Event) -> None:
        calls.append("sound")

    nasdip_throwaway(
        distribution="broken", nasdip_on_event=nasdip_on_event, nasdip_after_run=nasdip_after_run
    )
    nasdip_throwaway(distribution="sound", nasdip_on_event=heard)
    restored = nasdip_fit()
    assert calls.count("broken") == 1
    assert calls.count("sound") == 5
    assert "broken, after" not in calls
    said = f"plugin 'broken:throwaway' is switched off for this run: nasdip_on_event: {failure!r}"
    assert [note for note in restored.notes if "plugin" in note] == [said]
    assert said in nasdip_fit().notes  # the next run tries it again


def test_sections_are_on_the_page_and_a_broken_one_is_a_note(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit, tmp_path: Path
) -> None:
    def nasdip_add_page_sections(run: Run, result: Mapping[str, Any]) -> list[PageSection]:
        return [PageSection(f"<{run.task}>", f"<p>seed {result['seed']}</p>")]

    def broken() -> list[Any]:
        return ["text"]

    nasdip_throwaway(distribution="one", nasdip_add_page_sections=nasdip_add_page_sections)
    nasdip_throwaway(distribution="two", nasdip_add_page_sections=broken)
    nasdip_fit(output=tmp_path / "out", seed=7)
    page = (tmp_path / "out" / "report.html").read_text()
    assert '<h2 id="plugin-1">&lt;denoise&gt;</h2><p>seed 7</p>' in page
    assert "it returned &#x27;text&#x27;, which is no PageSection" in page


def test_what_a_hook_prints_is_no_result(
    nasdip_throwaway: Throwaway,
    nasdip_plugins: Plugins,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nasdip_throwaway(nasdip_on_trial=lambda: print("noise"))  # noqa: T201
    Behaviour(nasdip_plugins, lambda *_: None).on_trial(TRIAL)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "noise\n")


def test_commands_come_with_their_plugin(
    nasdip_throwaway: Throwaway, nasdip_plugins: Plugins
) -> None:
    command = Command("hello", "says hello", "greetings:app")
    nasdip_throwaway(nasdip_add_commands=lambda: [command])
    found = Behaviour(nasdip_plugins, lambda *_: None).commands()
    assert found == [("throwaway:throwaway", command)]


def test_hooks_take_the_arguments_that_they_name(nasdip_throwaway: Throwaway) -> None:
    plugin = nasdip_throwaway(nasdip_on_trial=lambda trail: None)
    assert plugin.state == "failed"
    assert "trail" in plugin.reason


def test_the_trace_names_hook_plugin_time_and_answer(
    nasdip_throwaway: Throwaway,
    nasdip_plugins: Plugins,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(trial: FinishedTrial) -> None:
        raise KeyError(trial.number)

    nasdip_throwaway(distribution="sound", nasdip_on_trial=lambda: None)
    nasdip_throwaway(distribution="broken", nasdip_on_trial=broken)
    monkeypatch.setenv("NASDIP_TRACE", "hooks")
    Behaviour(nasdip_plugins, lambda *_: None).on_trial(TRIAL)
    lines = capsys.readouterr().err.splitlines()
    assert any(
        line.startswith("trace: nasdip_on_trial of sound:throwaway, ") and line.endswith("None")
        for line in lines
    )
    assert any("of broken:throwaway" in line and "raised KeyError: 3" in line for line in lines)


def test_those_who_listen_change_nothing(
    nasdip_throwaway: Throwaway, nasdip_fit: Fit, tmp_path: Path
) -> None:
    def nasdip_add_page_sections(result: Any) -> list[PageSection]:
        result["outputs"].clear()
        result["task"] = "mine"
        return []

    nasdip_throwaway(nasdip_add_page_sections=nasdip_add_page_sections)
    done = nasdip_fit(output=tmp_path / "out").result
    assert (done["task"], list(done["outputs"])[:1]) == ("denoise", ["restored"])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PageSection(5, "<p>"), "PageSection.title is 5"),  # type: ignore[arg-type]
        (lambda: Command(None, "x", "a:b"), "Command.name is None"),  # type: ignore[arg-type]
        (lambda: Offer("step", "x", None), "Offer.summary is None"),  # type: ignore[arg-type]
    ],
)
def test_what_is_described_in_no_words_is_refused_where_it_is_made(
    make: Callable[[], object], said: str
) -> None:
    with pytest.raises(TypeError, match=f"{said}, which is no text"):
        make()
