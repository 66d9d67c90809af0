"""A pipeline that several tests run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nasdip_core.workflow.run import Workflow, run_workflow, wanted
from nasdip_core.workflow.state import Done

Make = Callable[..., Workflow]

ALBUM = """
nasdip: 1
steps:
- {id: a, uses: task.denoise, with: {picture: album, task: {sigma: 9}, arch: tiny.yaml}}
"""
CHAIN = """
nasdip: 1
steps:
- id: page
  uses: step.report
  with: {results: {clean: "${clean.result}"}}
- id: clean
  uses: task.denoise
  with: {picture: "${hurt.damaged}", truth: "${hurt.truth}", arch: tiny.yaml}
- id: hurt
  uses: step.corrupt
  with: {task: denoise, picture: clean.png, corrupt: {sigma: 20}}
- id: keep
  uses: step.save
  with: {file: "${clean.restored}", to: kept.png}
"""

SEARCH = """
nasdip: 1
steps:
- id: found
  uses: step.search
  with:
    task: denoise
    data: clean.png
    space: compact
    strategy: random
    trials: 1
    options: {corrupt: {sigma: 20}, fit: {steps: 1, stopping: fixed}}
"""


@contextmanager
def silent(steps: int) -> Iterator[Any]:
    yield lambda event: None


def go(
    workflow: Workflow, only: str | None = None, since: str | None = None
) -> tuple[list[str], dict[str, Done]]:
    """Run what is left and return the ids of what was done, and all that is done."""
    keys = workflow.keys()
    done = workflow.done(keys)
    nodes = wanted(workflow, done, only, since)
    found = run_workflow(workflow, nodes, done, keys, silent, lambda line: None)
    return [node.step.id for node in nodes], found
