"""What a `step` plugin has to do."""

from pathlib import Path

import pytest

from nasdip_core.plugins import Plugins
from nasdip_core.step import Step, StepContext, StepOptions


class StepConformance:
    """Inherit, and return your step from the fixture `step`, its options from `options`.

    What the options name may be made in the fixture `base`, the folder of the pipeline file.
    """

    @pytest.fixture
    def base(self, tmp_path: Path) -> Path:
        """Return the folder of the pipeline file."""
        folder = tmp_path / "pipeline"
        folder.mkdir()
        return folder

    @pytest.fixture
    def context(self, base: Path, tmp_path: Path) -> StepContext:
        """Return where the step runs."""
        folder = tmp_path / "step"
        folder.mkdir()
        return StepContext(folder, base, Plugins.discover(), lambda _: None)

    def test_gives_what_it_declares(
        self, step: Step, options: StepOptions, context: StepContext
    ) -> None:
        """The outputs are those of the options' model, each a text that a later step can take."""
        given = step.run(context)
        assert set(given) == set(type(options).outputs)
        assert all(isinstance(value, str) for value in given.values())

    def test_can_be_run_again(self, step: Step, context: StepContext) -> None:
        """In the same folder, as after an interruption, with the same outputs."""
        assert dict(step.run(context)) == dict(step.run(context))

    def test_every_output_is_described(self, options: StepOptions) -> None:
        """`nasdip describe` and the schema tell what they are."""
        assert all(text for text in type(options).outputs.values())
