"""Operators that a user gives: a Python file, or a physics of deepinv."""

import math
import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.operators import LinearOperator, Operator

_DOUBT = "leave `adjoint` out if in doubt: the fit does not need it"
_EXACT = 1e-3
"""Relative error of A^T y up to which single floats may be at fault."""


class Given(Operator):
    """y = A(x) by a function of one tensor (B, C, H, W); what it returns is laid out as real rows.

    Four real axes stay as they are; anything else becomes (B, 1, 1, m), complex numbers as pairs.
    """

    def __init__(
        self, forward: Callable[[Tensor], Tensor], physics: torch.nn.Module | None = None
    ) -> None:
        self._forward = forward
        self._physics = physics

    def forward(self, picture: Tensor) -> Tensor:
        """Return A(x)."""
        return _laid_out(self._forward(picture))

    def to(self, device: torch.device) -> "Given":
        """Move a physics to a device; a function follows the picture's."""
        if self._physics is not None:
            self._physics.to(device)
        return self


class GivenLinear(Given, LinearOperator):
    """y = A x with the adjoint of the user."""

    def __init__(
        self,
        forward: Callable[[Tensor], Tensor],
        adjoint: Callable[[Tensor], Tensor],
        physics: torch.nn.Module | None = None,
    ) -> None:
        super().__init__(forward, physics)
        self._adjoint = adjoint
        self._form: tuple[torch.Size, bool] | None = None

    def forward(self, picture: Tensor) -> Tensor:
        """Return A x."""
        measured = self._forward(picture)
        self._form = (measured.shape[1:], measured.is_complex())
        return _laid_out(measured)

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return A^T y, for a y of the form that `forward` gave last."""
        assert self._form is not None
        shape, is_complex = self._form
        if is_complex:
            measured = torch.view_as_complex(measured.reshape(len(measured), *shape, 2))
        back = self._adjoint(measured.reshape(len(measured), *shape))
        return back.real if back.is_complex() else back


def from_file(path: str, size: tuple[int, int], options: Mapping[str, Any]) -> Operator:
    """Return the operator of a Python file.

    The file defines `operator(size, **options)`, which returns an Operator or a deepinv Physics;
    or `forward(picture)` and, for a linear one, `adjoint(measured)`. Raises OptionError.
    """
    if not Path(path).is_file():
        raise OptionError(f"there is no operator file '{path}'", "see task.operator")
    try:
        content = runpy.run_path(path)
        if "operator" in content:
            return _adopted(content["operator"](size, **options), path)
    except OptionError:
        raise
    except (Exception, SystemExit) as error:  # a user's file may fail in any way
        raise OptionError(f"operator '{path}' failed: {type(error).__name__}: {error}") from error
    if "forward" not in content:
        raise OptionError(f"operator '{path}' defines neither `forward` nor `operator`")
    if options:
        raise OptionError(f"operator '{path}' takes no task.with", "define `operator(size, ...)`")
    if "adjoint" in content:
        return GivenLinear(content["forward"], content["adjoint"])
    return Given(content["forward"])


def checked(operator: Operator, name: str, channels: int, size: tuple[int, int]) -> Operator:
    """Return an operator that can be fitted through and whose adjoint is right.

    Raises OptionError, saying what is wrong with it, or by how much the adjoint is off.
    """
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand((1, channels, *size), generator=draws).requires_grad_()
    try:
        measured = operator.forward(picture)
    except Exception as error:  # a user's operator may fail in any way
        raise OptionError(
            f"operator '{name}' cannot measure a picture of {size[1]} x {size[0]} with "
            f"{channels} channels: {error}"
        ) from error
    if measured.grad_fn is None:
        raise OptionError(f"operator '{name}' lets no gradient pass", "compute with torch alone")
    if not isinstance(operator, LinearOperator):
        return operator
    y = torch.rand(measured.shape, generator=draws)
    try:
        returned = operator.adjoint(y)
        shape = tuple(returned.shape)
    except Exception as error:  # as above
        raise OptionError(f"the adjoint of operator '{name}' failed: {error}", _DOUBT) from error
    if shape != picture.shape:
        raise OptionError(
            f"the adjoint of operator '{name}' returned {shape}, not {tuple(picture.shape)}", _DOUBT
        )
    # By the gradient, sample by sample: of numbers such as <A x, y> a shifted A^T y changes little.
    (wanted,) = torch.autograd.grad((measured * y).sum(), picture)
    gap = float((returned.detach() - wanted).norm()) / max(float(wanted.norm()), 1e-12)
    if not math.isfinite(gap) or gap > _EXACT:
        raise OptionError(
            f"the adjoint of operator '{name}' is wrong: A^T y is off by {gap:.2g} of |A^T y|",
            _DOUBT,
        )
    return operator


def _adopted(made: Any, path: str) -> Operator:
    if isinstance(made, Operator):
        return made
    # Who hands over a physics has imported deepinv.
    deepinv = sys.modules.get("deepinv")
    if deepinv is not None and isinstance(made, deepinv.physics.LinearPhysics):
        return GivenLinear(made.A, made.A_adjoint, made)
    if deepinv is not None and isinstance(made, deepinv.physics.Physics):
        return Given(made.A, made)
    raise OptionError(
        f"`operator` in '{path}' returned {type(made).__name__}",
        "it must be a nasdip_core.operators.Operator or a deepinv Physics",
    )


def _laid_out(measured: Tensor) -> Tensor:
    if measured.is_complex():
        measured = torch.view_as_real(measured)
        return measured.reshape(len(measured), 1, 1, -1)
    return measured if measured.ndim == 4 else measured.reshape(len(measured), 1, 1, -1)
