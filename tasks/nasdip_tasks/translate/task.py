"""Translation of pictures from one look to another: by sets, by pairs, by one picture."""

from pathlib import Path

import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_core.weights import read_weights
from nasdip_tasks.translate.apply import ApplyProblem
from nasdip_tasks.translate.data import Domain, by_names, domain, side_by_side
from nasdip_tasks.translate.looks import looking
from nasdip_tasks.translate.options import TranslateCorruption, TranslateOptions
from nasdip_tasks.translate.paired import PairedProblem
from nasdip_tasks.translate.unpaired import UnpairedProblem


class Translate(Task[TranslateOptions, TranslateCorruption]):
    """Learns a translator from pictures of two looks, or applies one; shows it on the picture."""

    def problem(
        self, inputs: Inputs, options: TranslateOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit. Raises NasdipError where what is given to learn from does not do."""
        picture, truth = inputs.picture, inputs.truth
        if options.weights is not None:
            return ApplyProblem(picture, read_weights(Path(options.weights)), truth=truth)
        if options.pairs in ("left-right", "right-left"):
            assert options.source is not None
            back = options.pairs == "right-left"
            both = side_by_side(options.source, options.side, back=back)
            return PairedProblem(picture, *both, options, truth=truth)
        if options.target is None:
            raise OptionError(
                "nothing says what to translate to", "give task.target, or --weights of a run"
            )
        if options.pairs == "names":
            if options.source is None:
                raise PictureError("pairs=names without source", "give task.source=FOLDER")
            both = by_names(options.source, options.target, options.side)
            return PairedProblem(picture, *both, options, truth=truth)
        targets = domain(options.target, options.side)
        if options.pairs in ("grey", "edges"):
            return PairedProblem(picture, targets, None, options, truth=truth)
        sources = (
            Domain.alone(picture, options.side)
            if options.source is None
            else domain(options.source, options.side)
        )
        return UnpairedProblem(picture, sources, targets, options, truth=truth)

    def corrupt(
        self, truth: Tensor, options: TranslateCorruption, generator: torch.Generator
    ) -> Damaged:
        """Take the colour, or all but the edges."""
        return Damaged(looking(truth, options.look), truth)
