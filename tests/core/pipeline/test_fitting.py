"""Fits put together."""

import torch

from nasdip_core.pipeline.fitting import Fitted


def test_fits_count_alike_where_one_output_is_last_chosen_and_best() -> None:
    def fitted(value: float) -> Fitted:
        output = {"restored": torch.full((1, 3, 4, 4), float(value))}
        return Fitted(output, output, output, 3, [])

    mean = fitted(0).averaged(fitted(1), 2).averaged(fitted(5), 3)
    assert mean.oracle is not None
    for kind in (mean.chosen, mean.last, mean.oracle):
        assert torch.allclose(kind["restored"], torch.tensor(2.0))
