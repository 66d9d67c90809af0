"""Operators that are a Python file of the user: `forward`, `adjoint`, `operator`, deepinv."""

import sys
import types
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.operators import LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_tasks.operator.options import OperatorCorruption, OperatorOptions
from nasdip_tasks.operator.task import AnyOperator
from nasdip_tasks.operators.given import GivenLinear, checked, from_file

TASK = AnyOperator(Plugins.discover())


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


FORWARD = "import torch\ndef forward(x):\n    return 2 * x[..., ::2, :]\n"
ADJOINT = """
def adjoint(y):
    x = y.new_zeros(*y.shape[:2], 2 * y.shape[2], y.shape[3])
    x[..., ::2, :] = {} * y
    return x
"""


class TestFile:
    def problem(self, path: Path, text: str, **words: object) -> RestorationProblem:
        path.write_text(text)
        given = {"operator": str(path), **words}
        truth = rand(1, 3, 8, 8)
        damaged = TASK.corrupt(truth, OperatorCorruption.model_validate(given), torch.Generator())
        inputs = Inputs(damaged.picture, measured=damaged.measured)
        problem = TASK.problem(inputs, OperatorOptions.model_validate(given), torch.Generator())
        assert isinstance(problem, RestorationProblem)
        assert float((problem.operator.forward(truth) - problem.measured).abs().max()) == 0
        return problem

    def test_forward_alone(self, tmp_path: Path) -> None:
        problem = self.problem(tmp_path / "a.py", FORWARD)
        assert not isinstance(problem.operator, LinearOperator)
        assert problem.measured.shape == (1, 3, 4, 8)

    def test_forward_and_adjoint(self, tmp_path: Path) -> None:
        problem = self.problem(tmp_path / "a.py", FORWARD + ADJOINT.format(2))
        assert isinstance(problem.operator, LinearOperator)

    def test_a_wrong_adjoint_is_refused_with_its_error(self, tmp_path: Path) -> None:
        said = r"adjoint of operator '.*a\.py' is wrong: A\^T y is off by 0\.5 of \|A\^T y\|"
        with pytest.raises(OptionError, match=said):
            self.problem(tmp_path / "a.py", FORWARD + ADJOINT.format(1))

    def test_an_adjoint_that_shifts_the_same_way_is_wrong_at_any_size(self, tmp_path: Path) -> None:
        shift = "return x.roll((7, 30), (2, 3))"
        file = tmp_path / "a.py"
        file.write_text(f"def forward(x):\n    {shift}\ndef adjoint(x):\n    {shift}\n")
        with pytest.raises(OptionError, match=r"is wrong: A\^T y is off by"):
            checked(from_file(str(file), (256, 256), {}), "a.py", 1, (256, 256))

    @pytest.mark.parametrize(
        ("back", "said"),
        [
            ("y", r"returned \(1, 3, 4, 4\), not \(1, 3, 8, 8\)"),
            ("y.mean(1, keepdim=True).repeat(1, 1, 2, 2)", r"returned \(1, 1, 8, 8\), not"),
            ("y @ y[..., :3, :]", "failed: "),
            ("None", "failed: "),
        ],
    )
    def test_an_adjoint_that_is_none(self, back: str, said: str, tmp_path: Path) -> None:
        text = f"def forward(x):\n    return x[..., ::2, ::2]\ndef adjoint(y):\n    return {back}\n"
        with pytest.raises(OptionError, match=f"the adjoint of operator .* {said}"):
            self.problem(tmp_path / "a.py", text)

    def test_complex_rows_of_any_shape(self, tmp_path: Path) -> None:
        text = (
            "import torch\n"
            "def forward(x):\n    return torch.fft.fft(x.mean(1), norm='ortho')\n"
            "def adjoint(y):\n"
            "    return torch.fft.ifft(y, norm='ortho').real[:, None].expand(-1, 3, -1, -1) / 3\n"
        )
        problem = self.problem(tmp_path / "a.py", text)
        assert problem.measured.shape == (1, 1, 1, 128)
        assert problem.slots["picture"].channels == 3

    def test_an_operator_with_options(self, tmp_path: Path) -> None:
        text = (
            "from nasdip_core.operators import Operator\n"
            "class Gamma(Operator):\n"
            "    def __init__(self, power):\n        self.power = power\n"
            "    def forward(self, picture):\n"
            "        return picture.clamp(min=1e-3) ** self.power\n"
            "def operator(size, power=1.0):\n    return Gamma(power)\n"
        )
        problem = self.problem(tmp_path / "a.py", text, **{"with": {"power": 2.0}})
        assert problem.operator.power == 2.0  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("x = 1", "neither `forward` nor `operator`"),
            ("def forward(x):\n    return x.detach()", "lets no gradient pass"),
            ("def forward(x):\n    return x @ x[..., :3, :]", "cannot measure a picture of 8 x 8"),
            ("1 / 0", "failed: ZeroDivisionError"),
            ("raise SystemExit(3)", "failed: SystemExit: 3"),
            ("def operator(size):\n    return 3", "returned int"),
        ],
    )
    def test_what_is_no_operator(self, text: str, said: str, tmp_path: Path) -> None:
        with pytest.raises(OptionError, match=said):
            self.problem(tmp_path / "a.py", text)

    def test_options_that_nobody_takes(self, tmp_path: Path) -> None:
        with pytest.raises(OptionError, match=r"takes no task\.with"):
            self.problem(tmp_path / "a.py", FORWARD, **{"with": {"power": 1}})

    def test_no_file(self) -> None:
        with pytest.raises(OptionError, match=r"no operator file 'none\.py'"):
            from_file("none.py", (8, 8), {})

    def test_a_physics_of_deepinv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Physics(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.register_buffer("gain", torch.full((8, 8), 3.0))

            def A(self, x: Tensor) -> Tensor:
                return self.gain * x.square()

        class LinearPhysics(Physics):
            def A(self, x: Tensor) -> Tensor:
                return self.gain * x

            def A_adjoint(self, y: Tensor) -> Tensor:
                return self.gain * y

        deepinv = types.ModuleType("deepinv")
        deepinv.physics = types.SimpleNamespace(  # type: ignore[attr-defined]
            Physics=Physics, LinearPhysics=LinearPhysics
        )
        monkeypatch.setitem(sys.modules, "deepinv", deepinv)
        text = "import deepinv\ndef operator(size):\n    return deepinv.physics.{}()\n"
        linear = self.problem(tmp_path / "a.py", text.format("LinearPhysics"))
        assert isinstance(linear.operator, GivenLinear)
        square = self.problem(tmp_path / "b.py", text.format("Physics"))
        assert not isinstance(square.operator, LinearOperator)
        for each in (linear, square):
            moved = each.operator.to(torch.device("meta"))
            assert moved.forward(torch.ones(1, 3, 8, 8, device="meta")).is_meta

    def test_the_example_follows_the_device(self) -> None:
        example = Path(__file__).parents[2] / "examples" / "vignette.py"
        operator = from_file(str(example), (8, 8), {}).to(torch.device("meta"))
        assert isinstance(operator, LinearOperator)
        measured = operator.forward(torch.ones(1, 3, 8, 8, device="meta"))
        assert measured.is_meta
        assert operator.adjoint(measured).is_meta
