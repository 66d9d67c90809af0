"""What a command line changes of a pipeline file."""

from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import OptionError
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.options import parse
from nasdip_core.pipeline import jobs
from nasdip_core.pipeline.document import to_yaml
from nasdip_core.pipeline.jobs import batch, plan
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins


@pytest.mark.parametrize("words", [{"preset": "best"}, {"arch": "dip", "fit": {"steps": 7}}])
def test_another_network_replaces_all_of_the_one_that_a_run_has_spelt_out(
    words: dict[str, Any], plugins: Plugins, tmp_path: Path
) -> None:
    def resolved(**more: Any) -> Any:
        content = {"picture": "sample:camera", "seed": 4, "task": {"sigma": 9}, **more}
        return resolve("denoise", parse(RestoreRequest, content, ""), plugins, Path())

    file = tmp_path / "pipeline.yaml"
    earlier = resolved(preset="fast", recipe={"fits": 3}, fit={"lr": 0.5})
    file.write_text(to_yaml(earlier.document("camera-denoise")))
    (job,) = plan(str(file), None, words, None, plugins).jobs
    assert job.resolved.document("x") == resolved(**words).document("x")


def test_options_alone_leave_the_network_that_a_run_has_spelt_out(
    plugins: Plugins, tmp_path: Path
) -> None:
    request = parse(RestoreRequest, {"picture": "sample:camera", "fit": {"lr": 0.5}}, "")
    file = tmp_path / "pipeline.yaml"
    file.write_text(to_yaml(resolve("denoise", request, plugins, Path()).document("x")))
    (job,) = plan(str(file), None, {"fit": {"steps": 7}}, None, plugins).jobs
    assert (job.resolved.fit.lr, job.resolved.fit.steps) == (0.5, 7)


@pytest.mark.parametrize("role", ["picture", "mask", "truth"])
def test_an_empty_path_is_not_this_folder(
    role: str, plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").touch()
    Path("flow.yaml").write_text(
        f"nasdip: 1\nsteps:\n- {{id: a, uses: task.inpaint, with: {{{role}: ''}}}}\n"
    )
    with pytest.raises(OptionError, match=rf"option '{role}' = '': it is empty"):
        plan("flow.yaml", None, {}, None, plugins)
    if role != "picture":
        with pytest.raises(OptionError, match=rf"option '{role}' = '': it is empty"):
            plan(".", "inpaint", {role: ""}, None, plugins)


def test_a_run_named_like_a_number_is_read_back(plugins: Plugins, tmp_path: Path) -> None:
    file = tmp_path / "1e-3.yaml"
    request = parse(RestoreRequest, {"picture": "sample:camera"}, "")
    file.write_text(to_yaml(resolve("denoise", request, plugins, Path()).document("1e-3")))
    (job,) = plan(str(file), None, {}, None, plugins).jobs
    assert job.name == "1e-3"


def test_a_step_named_by_a_number_is_looked_for_by_its_name(
    plugins: Plugins, tmp_path: Path
) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text("nasdip: 1\nsteps:\n- {id: a, uses: task.inpaint}\n")
    with pytest.raises(OptionError, match="there is no step '1'"):
        plan(str(file), None, {"steps": {1: {"with": {"seed": 1}}}}, None, plugins)


def test_a_folder_of_masks_is_looked_through_once(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def counted(folder: Path) -> list[Path]:
        looked.append(folder)
        return pictures_in(folder)

    monkeypatch.setattr(jobs, "pictures_in", counted)
    for folder, suffix in (("photos", "jpg"), ("masks", "png")):
        (tmp_path / folder).mkdir()
        for number in range(4):
            (tmp_path / folder / f"{number}.{suffix}").touch()
    given = {"mask": "masks"}
    found = batch(tmp_path / "photos", "inpaint", given, tmp_path / "out", plugins, tmp_path)
    assert [Path(job.resolved.mask or "").name for job in found.jobs] == [
        f"{number}.png" for number in range(4)
    ]
    assert len(looked) == 2
