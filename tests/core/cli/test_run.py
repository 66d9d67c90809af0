"""`nasdip run`: what it writes, what it prints, and how it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from run_files import FILES

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_a_picture_and_a_mask(
    cli: Cli, tiny: Tiny, waves_file: Path, waves: np.ndarray, mask_file: Path
) -> None:
    answer = cli("run", "--task", "inpaint", waves_file, "--mask", mask_file, *tiny, "--json")
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    folder = Path("nasdip-out/waves-inpaint")
    assert {path.name for path in folder.iterdir()} == FILES
    assert result == json.loads((folder / "result.json").read_text())
    assert result["schema"] == "nasdip.result/1"
    assert list(result) == [
        "schema", "task", "architecture", "seed", "device", "iterations", "seconds",
        "peak_memory_bytes", "outputs", "fits", "stopping", "parts", "quality",
    ]  # fmt: skip
    assert result["quality"] is None
    assert result["iterations"] == result["fits"][0]["iterations"] == 3
    assert result["stopping"] == result["fits"][0]["stopping"]
    assert set(result["stopping"]) == {"rule", "iteration", "reason"}
    restored = pixels(result["outputs"]["restored"])
    known = pixels(mask_file) == 0
    assert np.array_equal(restored[known], waves[known])
    assert not np.array_equal(restored, waves)


def test_corruption_measures_three_qualities(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    answer = cli("run", "-t", "denoise", waves_file, "-S", "corrupt.sigma=20", *tiny, "--json")
    result = json.loads(answer.out)
    quality = result["quality"]
    assert list(quality) == ["self_stopped", "oracle", "last"]
    assert set(quality["oracle"]) == {"psnr", "ssim", "iteration"}
    assert quality["oracle"]["psnr"] >= quality["self_stopped"]["psnr"]
    folder = Path("nasdip-out/waves-denoise")
    assert {path.name for path in folder.iterdir()} == FILES | {"damaged.png"}


def test_a_filter_alone_says_that_there_was_no_fit(cli: Cli, waves_file: Path) -> None:
    answer = cli("run", "-t", "denoise", waves_file, "-S", "recipe.fits=0", "-S", "task.sigma=9")
    assert answer.code == 0, answer.err
    assert "no fit; " in answer.err


def test_quality_is_that_of_the_written_samples(
    cli: Cli, tiny: Tiny, waves_file: Path, waves: np.ndarray
) -> None:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    words = ("run", "-t", "inpaint", waves_file, "-S", "corrupt.missing=0.4", *tiny, "--json")
    result = json.loads(cli(*words).out)
    restored = pixels(result["outputs"]["restored"])
    stated = result["quality"]["self_stopped"]
    assert stated["psnr"] == pytest.approx(peak_signal_noise_ratio(waves, restored), abs=1e-4)
    similarity = structural_similarity(
        waves / 255, restored / 255, data_range=1, channel_axis=-1,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    assert stated["ssim"] == pytest.approx(similarity, abs=1e-4)


def test_a_truth_file_measures_too(cli: Cli, tiny: Tiny, waves_file: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.fromarray(pixels(waves_file)).resize((16, 12), Image.Resampling.LANCZOS).save(small)
    words = ("-t", "super-resolution", small, "--truth", waves_file, "-S", "task.factor=2")
    result = json.loads(cli("run", *words, *tiny, "--json").out)
    assert result["quality"]["self_stopped"]["psnr"] > 5
    assert pixels(result["outputs"]["restored"]).shape[:2] == (24, 32)


def test_the_resolved_pipeline_repeats_the_run(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    first = cli("run", "-t", "denoise", waves_file, "-S", "corrupt.sigma=20", *tiny, "--json")
    pipeline = Path("nasdip-out/waves-denoise/pipeline.yaml")
    content = yaml.safe_load(pipeline.read_text())
    assert content["nasdip"] == 1
    assert [set(step) for step in content["steps"]] == [{"id", "uses", "with"}]
    second = cli("run", pipeline, "-o", "again", "--json")
    assert second.code == 0, second.err
    a, b = (Path(json.loads(answer.out)["outputs"]["restored"]) for answer in (first, second))
    assert a != b
    assert a.read_bytes() == b.read_bytes()
    assert yaml.safe_load(Path("again/pipeline.yaml").read_text()) == content


def test_seeds(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    def written(seed: int, folder: str) -> bytes:
        words = ("run", "-t", "denoise", waves_file, "--seed", seed, "-o", folder)
        assert cli(*words, *tiny).code == 0
        return (Path(folder) / "restored.png").read_bytes()

    assert written(1, "a") == written(1, "b")
    assert written(1, "c") != written(2, "d")


def test_results_on_stdout_all_else_on_stderr(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    answer = cli("run", "-t", "denoise", waves_file, *tiny)
    folder = Path("nasdip-out/waves-denoise")
    assert answer.out.splitlines() == [
        f"restored: {folder / 'restored.png'}",
        f"page: {folder / 'report.html'}",
    ]
    assert "3 iterations" in answer.err


def test_without_a_picture_the_task_shows_itself(cli: Cli, tiny: Tiny) -> None:
    answer = cli("run", "--task", "inpaint", *tiny)
    assert answer.code == 0, answer.err
    folder = Path("nasdip-out/chelsea-inpaint")
    assert {path.name for path in folder.iterdir()} == FILES | {"damaged.png", "mask.png"}
    assert min(pixels(folder / "restored.png").shape[:2]) >= 256


def test_dry_run_touches_nothing(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    answer = cli("run", "-t", "super-resolution", waves_file, *tiny, "--dry-run", "--json")
    assert answer.code == 0, answer.err
    plan = json.loads(answer.out)
    assert (plan["size"], plan["channels"], plan["tile"], plan["tiles"]) == ([96, 128], 3, None, 1)
    assert plan["parameters"] > 0
    assert plan["memory_bytes"] > plan["activation_bytes"] > 0
    assert plan["seconds"] > 0
    assert not Path("nasdip-out").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--task", "inpant"], 4, "unknown task 'inpant'; did you mean 'inpaint'?"),
        (["-t", "denoise", "--arch", "dipp"], 4, "architecture 'dipp'; did you mean 'dip'?"),
        (["-t", "denoise", "--arch", "none.yaml"], 4, "cannot read architecture file"),
        (["-t", "denoise", "-S", "fit.stpes=3"], 3, "unknown option 'fit.stpes'; did you mean"),
        (["-t", "denoise", "-S", "task.sigma=-1"], 3, "'task.sigma' = -1"),
        (["-t", "denoise", "-S", "fit.steps=0"], 3, "'fit.steps' = 0"),
        (["-t", "denoise", "-S", "fit.stopping=emv"], 4, "unknown stopping 'emv'"),
        (["-t", "denoise", "-S", "tsak.sigma=1"], 3, "unknown option 'tsak'; did you mean 'task'"),
        (["-t", "denoise", "-S", "corrupt.sigma"], 3, "write it as key=value"),
        (["-t", "denoise", "--device", "tpu"], 3, "device"),
        (["-t", "denoise", "--seed", "-1"], 3, "seed"),
        (["-t", "denoise", "none.png"], 5, "none.png"),
        (["-t", "denoise", "empty"], 5, "the folder 'empty' holds no picture"),
        (["-t", "inpaint", "waves.png"], 5, "nothing says what is missing; give --mask"),
        (["-t", "inpaint", "waves.png", "--mask", "none.png"], 5, "none.png"),
        (["-t", "inpaint", "waves.png", "--mask", "sample:camera"], 5, "the same size"),
        (["-t", "denoise", "waves.png", "--truth", "sample:coffee"], 5, "the same size"),
        (["-t", "inpaint", "--mask", "waves.png"], 5, "without a picture"),
        (
            ["-t", "denoise", "waves.png", "--truth", "waves.png", "-S", "corrupt.sigma=3"],
            3,
            "corrupt.* together with a truth",
        ),
        (["-t", "inpaint", "waves.png", "--mask", "m.png", "-S", "corrupt.kind=box"], 3, "mask"),
        (["-t", "denoise", "waves.png", "--mask", "waves.png"], 3, "task 'denoise' takes no mask"),
        (["waves.png"], 3, "no task is named; say --task inpaint"),
        (["-t", "denoise", "--resume", "--force"], 3, "exclude each other"),
        (["--tsak", "denoise"], 2, "No such option"),
        (["none.yaml"], 3, "cannot read pipeline 'none.yaml'"),
    ],
)  # fmt: skip
def test_refusals_are_one_line_and_a_documented_code(
    cli: Cli, tiny: Tiny, waves_file: Path, words: list[str], code: int, message: str
) -> None:
    Path("empty").mkdir()
    extra = () if "--arch" in words else tiny
    answer = cli("run", *extra, *words, "-o", "out")
    assert answer.code == code, answer.err
    assert message in answer.err
    assert answer.out == ""
    assert "Traceback" not in answer.err
    if code != 2:
        assert answer.err.startswith("error: ")
        assert len(answer.err.splitlines()) == 1
        assert not Path("out").exists()


def test_debug_shows_the_traceback(cli: Cli) -> None:
    from nasdip_core.errors import PluginError

    with pytest.raises(PluginError):
        cli("run", "--task", "inpant", "--debug")


def test_an_output_folder_that_cannot_be_made(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    Path("file").write_text("")
    answer = cli("run", "-t", "denoise", waves_file, "-o", "file/out", *tiny)
    assert answer.code == 1
    assert "cannot write to 'file/out'" in answer.err


def test_a_pipeline_mistake_is_pointed_at(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"

    def refusal(text: str) -> str:
        path.write_text(text)
        answer = cli("run", path)
        assert answer.code in (3, 4), answer.err
        return answer.err.removeprefix(f"error: {tmp_path}/")

    head = "nasdip: 1\nsteps:\n  - id: a\n    uses: task.denoise\n"
    assert refusal(head + "    with:\n      fit:\n        stpes: 3\n").startswith(
        "p.yaml:7:9: unknown option 'fit.stpes'; did you mean 'steps'"
    )
    assert refusal(head + "    wiht: {}\n").startswith("p.yaml:5:5: unknown option")
    assert refusal(head.replace("task.denoise", "denoise")).startswith(
        "p.yaml:4:5: 'denoise' is no"
    )
    assert "unknown task 'denois'" in refusal(head.replace("task.denoise", "task.denois"))
    assert refusal("nasdip: 2\nsteps: []\n").startswith("p.yaml:1:1:")
    assert refusal(head + "    uses: task.denoise\n").startswith(
        "p.yaml:5:5: key 'uses' stands here twice"
    )
    assert refusal("a: [").startswith("p.yaml:1:")
    assert refusal("").startswith("p.yaml: this is no pipeline")


def test_relative_paths_of_a_pipeline_are_relative_to_the_file(
    cli: Cli, tiny: Tiny, waves_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    waves_file.rename(folder / "w.png")
    (folder / "job.yaml").write_text(
        "nasdip: 1\nname: job\nsteps:\n"
        "  - {id: one, uses: task.denoise, with: {picture: w.png}}\n"
        "  - {id: two, uses: task.super-resolution, with: {picture: w.png, task: {factor: 2}}}\n"
    )
    answer = cli("run", folder / "job.yaml", *tiny, "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["schema"] == "nasdip.pipeline/1"
    results = [json.loads(Path(step["result"]).read_text()) for step in told["steps"].values()]
    assert [r["task"] for r in results] == ["denoise", "super-resolution"]
    assert Path("nasdip-out/job/one/restored.png").exists()
    assert Path("nasdip-out/job/two/restored.png").exists()


def test_a_recipe_that_the_task_does_not_take_leaves_no_folder(
    cli: Cli, waves_file: Path, tiny: tuple[str, ...]
) -> None:
    words = ("run", "-t", "dehaze", waves_file, *tiny, "-o", "out", "-S", "recipe.fits=2")
    for dry in ([], ["--dry-run"]):
        refused = cli(*words, *dry)
        assert refused.code == 3
        assert "task 'dehaze' takes no recipe; leave recipe.* out" in refused.err
    assert not Path("out").exists()
