"""A pipeline that several tests run."""

from collections.abc import Callable

from nasdip_core.workflow.run import Workflow

Make = Callable[..., Workflow]

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
