"""Translation: what is learnt from sets, pairs and one picture, and applied to others."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from translations import FAST, TINY, run

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.specification import Architecture
from nasdip_core.architecture.unet import UNet
from nasdip_core.errors import NasdipError, OptionError, PictureError
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import make_networks
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.jobs import is_batch
from nasdip_core.pipeline.prepare import make_rule
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.task import Inputs
from nasdip_tasks.translate.critic import PatchCritic
from nasdip_tasks.translate.data import Domain
from nasdip_tasks.translate.looks import edges
from nasdip_tasks.translate.options import TranslateCorruption, TranslateOptions
from nasdip_tasks.translate.problem import translated
from nasdip_tasks.translate.task import Translate

TASK = Translate(Plugins.discover())
CPU = torch.device("cpu")


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_set_takes_the_look_of_another(sets: tuple[Path, Path], tmp_path: Path) -> None:
    blue, red = sets
    output = tmp_path / "out"
    steps = {"fit__steps": 80, "task__identity": 0.0}
    done = run(blue, output, task__target=str(red), task__cycle=1.0, **steps)
    before, after, wanted = (
        torch.from_numpy(picture.colour.astype(np.float32)).mean((0, 1))
        for picture in (read_picture(blue / "0.png"), done.picture, read_picture(red / "0.png"))
    )
    assert (after - wanted).abs().mean() < 0.5 * (before - wanted).abs().mean()
    assert list(done.pictures) == ["translated"]
    assert {p.name for p in output.iterdir()} >= {"translated.png", "weights.safetensors"}
    with Image.open(output / "samples.png") as grid:
        assert grid.size == (32, 4 * 32)
    log = (output / "events.jsonl").read_text()
    assert all(f'"{name}"' in log for name in ("translators", "critics", "cycle"))


@pytest.mark.parametrize("pairs", ["names", "left-right", "right-left"])
def test_pairs_are_learnt(sets: tuple[Path, Path], tmp_path: Path, pairs: str) -> None:
    blue, red = sets
    source, target = (red, blue) if pairs == "right-left" else (blue, red)
    where = {"task.source": str(source), "task.target": str(target)}
    if pairs != "names":
        where = {"task.source": str(tmp_path / "pairs")}
    done = restore(
        str(source / "1.png"),
        "translate",
        truth=str(target / "1.png"),
        arch=TINY,
        options={**FAST, **where, "task.pairs": pairs, "fit.steps": 80},
    )
    given = read_picture(source / "1.png").tensor() - read_picture(target / "1.png").tensor()
    assert done.quality is not None
    assert done.quality["self_stopped"]["psnr"] > 6 - 10 * float(given.square().mean().log10())


@pytest.mark.parametrize("look", ["grey", "edges"])
def test_the_way_back_is_learnt_from_what_is_wanted(sets: tuple[Path, Path], look: str) -> None:
    done = restore(
        str(sets[1] / "1.png"),
        "translate",
        arch=TINY,
        options={
            **FAST,
            "corrupt.look": look,
            "task.target": str(sets[1]),
            "task.pairs": look,
            "fit.steps": 80,
        },
    )
    assert done.quality is not None
    assert done.quality["self_stopped"]["psnr"] > 15


def test_a_folder_is_learnt_from_or_translated(
    sets: tuple[Path, Path], tmp_path: Path, plugins: Plugins
) -> None:
    blue, red = sets
    learn = {"task": {"target": str(red)}}
    request = parse(RestoreRequest, {"picture": str(blue), **learn}, "")
    resolved = resolve("translate", request, plugins, Path())
    assert isinstance(resolved.task, TranslateOptions)
    assert resolved.task.source == str(blue)
    assert resolved.picture == str(blue / "0.png")
    assert not is_batch(blue, "translate", learn, plugins)
    with pytest.raises(OptionError, match="a folder of pairs as PICTURE"):
        is_batch(blue, "translate", {"task": {"pairs": "left-right"}}, plugins)
    with pytest.raises(OptionError, match=r"task\.source together with a folder"):
        is_batch(blue, "translate", {"task": {**learn["task"], "source": str(red)}}, plugins)
    assert is_batch(blue, "translate", {"task": {"weights": "w"}}, plugins)
    assert is_batch(blue, "translate", {**learn, "corrupt": {}}, plugins)
    made = {"picture": str(blue), "task": {"target": str(red), "pairs": "grey"}}
    shown = resolve("translate", parse(RestoreRequest, made, ""), plugins, Path())
    assert shown.picture == str(blue / "0.png")


def fit_of(problem: Problem, steps: int, plugins: Plugins) -> Fit:
    request = parse(RestoreRequest, {"picture": "x", "arch": TINY, "task": {"target": "y"}}, "")
    resolved = resolve("translate", request, plugins, Path())
    networks = make_networks(problem.slots, resolved.arch.architecture, plugins, 0, CPU)
    options = resolved.fit.model_copy(update={"steps": steps})
    return Fit(problem, networks, options, make_rule(resolved, plugins), seed=0, device=CPU)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"weights": "w", "target": "b"}, "weights are applied as they are"),
        ({"pairs": "left-right"}, "pairs=left-right is for the pictures of source"),
        ({"pairs": "left-right", "source": "a", "target": "b"}, "without a target"),
        ({"pairs": "grey", "target": "b", "source": "a"}, "makes its sources of the pictures"),
        ({"target": "b", "crop": 8}, "greater than or equal to 32"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        parse(TranslateOptions, options, "task")


def test_pictures_that_do_not_do(tmp_path: Path, sets: tuple[Path, Path]) -> None:
    blue, red = sets
    with pytest.raises(PictureError, match="4 channels"):
        TASK.problem(Inputs(torch.rand(1, 4, 32, 32)), TranslateOptions(target=str(red)), draws())
    alone = TranslateOptions(target=str(red), pairs="names")
    with pytest.raises(PictureError, match="pairs=names without source"):
        TASK.problem(Inputs(torch.rand(1, 3, 32, 32)), alone, draws())
    with pytest.raises(OptionError, match="nothing says what to translate to"):
        run(blue / "0.png")
    with pytest.raises(NasdipError, match="keep measurements back"):
        run(blue, task__target=str(red), fit__stopping="held-out")


@pytest.mark.parametrize("size", [(1, 1), (7, 33)])
def test_one_picture_learns_from_one(size: tuple[int, int], tmp_path: Path) -> None:
    """Of any size; a grey one may take colour."""
    path = tmp_path / "grey.png"
    Image.fromarray(np.full(size, 90, np.uint8)).save(path)
    done = run(path, task__target="sample:coffee", task__side=32)
    assert done.picture.colour.shape == (*size, 3)


def test_a_grey_picture_keeps_depth_and_opacity(sets: tuple[Path, Path]) -> None:
    samples = np.random.default_rng(0).integers(0, 2**16, (12, 10, 2), dtype=np.uint16)
    given = picture_of(samples)
    given = replace(given, kind=replace(given.kind, icc=b"greys", dpi=(300.0, 300.0)))
    done = run(given, task__target=str(sets[1]), fit__steps=1)
    assert done.picture.mode == "RGBA;16"
    assert np.array_equal(done.picture.alpha, samples[..., 1])
    assert done.picture.kind.dpi == (300.0, 300.0)
    assert done.picture.kind.icc is None
    assert any("profile of greys" in note for note in done.picture.notes)


@pytest.mark.parametrize("damaged", [True, False])
def test_a_grey_picture_is_measured_in_colour(
    sets: tuple[Path, Path], tmp_path: Path, damaged: bool
) -> None:
    blue, red = sets
    Image.open(blue / "0.png").convert("L").save(tmp_path / "grey.png")
    given: dict[str, Any] = {"corrupt.look": "edges"} if damaged else {}
    done = restore(
        tmp_path / "grey.png",
        "translate",
        truth=None if damaged else red / "0.png",
        arch=TINY,
        options={**FAST, "task.target": str(red / "1.png"), "fit.steps": 2, **given},
    )
    assert done.picture.mode == "RGB"
    assert done.quality is not None
    truth = read_picture(tmp_path / "grey.png" if damaged else red / "0.png").tensor()
    expected = psnr(done.picture.tensor(), truth.expand(-1, 3, -1, -1))
    assert done.quality["self_stopped"]["psnr"] == pytest.approx(expected, abs=1e-3)


def test_small_pictures_are_noted(sets: tuple[Path, Path]) -> None:
    options = TranslateOptions(target=str(sets[1]), crop=38, critic_width=4)
    problem = TASK.problem(Inputs(torch.rand(1, 3, 40, 40)), options, draws())
    assert problem.notes == [
        "3 pictures are smaller than the squares of task.crop and are mirrored at their borders"
    ]


@pytest.mark.parametrize("resolution", [1, 2, 4])
@pytest.mark.parametrize("places", [[0.5, 0.5], [0.3, 0.7]], ids=str)
def test_a_translation_stays_in_its_place(resolution: int, places: list[float]) -> None:
    """Of a network that hands on what it sees, whatever is padded around it."""
    pointwise = {"widths": 4, "convolutions": 1, "kernel": 1}
    content = {
        "levels": 3,
        "working_resolution": resolution,
        "encoder": {**pointwise, "stem": 1},
        "decoder": {**pointwise, "norm_merged": False},
        "head": {"width": 4, "kernel": 1},
        "norm": "none",
        "activation": "none",
        "output": "linear",
    }
    architecture = parse(Architecture, content, "")
    network = assemble(architecture, 3, Plugins.discover(), in_channels=3)
    assert isinstance(network, UNet)
    for weight in network.decoder[0].parameters():
        if weight.ndim == 4 and weight.shape[1] > 4:
            weight.data[:, 4:] = 0  # what comes from below
    for n in range(64, 85):
        y, x = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        centre = [place * (n - 1) for place in places]
        blob = torch.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / 32).expand(1, 3, n, n)
        with torch.no_grad():
            seen = translated(network, blob) - translated(network, torch.zeros_like(blob))
        seen = seen[0, 0] / seen[0, 0].sum()
        assert abs(float((seen * y).sum()) - centre[0]) < 0.5, n
        assert abs(float((seen * x).sum()) - centre[1]) < 0.5, n


def test_networks_of_other_kinds_translate(sets: tuple[Path, Path]) -> None:
    """At a fraction of the picture's size, and without an encoder."""
    blue, red = sets
    for changes in ({"working_resolution": 2, "head": {"width": 8}}, {"encoder": None}):
        network = {**TINY["architecture"], **changes}
        if changes.get("encoder", 0) is None:
            network["residual"] = "none"
        done = restore(
            str(blue / "0.png"),
            "translate",
            arch={**TINY, "architecture": network},
            options={**FAST, "task.target": str(red), "fit.steps": 1},
        )
        assert done.picture.colour.shape == (36, 40, 3)


def test_looks_of_a_clean_picture() -> None:
    clean = torch.rand(1, 3, 16, 16, generator=draws())
    grey = TASK.corrupt(clean, TranslateCorruption(look="grey"), draws()).picture
    assert torch.allclose(grey, clean.mean(dim=1, keepdim=True).expand_as(clean))
    flat = edges(torch.full((1, 1, 8, 8), 0.3))
    assert torch.equal(flat, torch.ones(1, 1, 8, 8))
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1
    assert float(edges(step)[..., 3].max()) == 0


@pytest.mark.parametrize("side", [32, 33, 70])
def test_the_critic_judges_parts(side: int) -> None:
    judged: Tensor = PatchCritic(3, 4)(torch.rand(2, 3, side, side))
    assert judged.shape[:2] == (2, 1)
    assert judged.shape[-1] >= side // 8 - 2


def test_the_samples_show_at_most_four(sets: tuple[Path, Path], plugins: Plugins) -> None:
    blue, red = sets
    options = TranslateOptions(target=str(red), crop=32, critic_width=4, batch=6)
    problem = TASK.problem(Inputs(read_picture(blue / "0.png").tensor()), options, draws())
    assert problem.samples() is None
    fit_of(problem, 1, plugins).advance(1)
    shown = problem.samples()
    assert shown is not None
    assert shown.shape == (1, 3, 4 * 32, 4 * 32)


def test_a_large_picture_is_looked_at_less_often(
    sets: tuple[Path, Path], plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And always at the end, so that the weights are those that made it."""
    from nasdip_tasks.translate import problem as module

    looks: list[int] = []
    translate = module.translated

    def seen(network: torch.nn.Module, picture: Tensor) -> Tensor:
        looks.append(int(picture.shape[-1]))
        return translate(network, picture)

    monkeypatch.setattr(module, "translated", seen)
    blue, red = sets
    domain = Domain.alone(torch.rand(1, 3, 32, 32, generator=draws()), None)
    assert len(domain) == 1
    options = TranslateOptions(source=str(blue), target=str(red), crop=32, critic_width=4)
    problem = TASK.problem(Inputs(torch.rand(1, 3, 640, 640)), options, draws())
    fit_of(problem, 21, plugins).advance(21)
    assert looks.count(640) == 2


def test_a_precision_that_would_do_nothing_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a.png")
    options = {"task.target": str(tmp_path / "a.png"), "fit.precision": "bfloat16"}
    with pytest.raises(
        OptionError, match=r"option 'fit\.precision' = 'bfloat16': task 'translate'"
    ):
        restore(tmp_path / "a.png", "translate", options=options)
