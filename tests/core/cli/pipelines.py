"""A pipeline that several files of tests run, and the examples."""

from pathlib import Path

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))

TWO = """
nasdip: 1
name: two
steps:
- id: first
  uses: task.denoise
  with: {picture: waves.png, corrupt: {sigma: 20}, arch: tiny.yaml}
- id: other
  uses: task.denoise
  with: {picture: waves.png, corrupt: {sigma: 20}, arch: tiny.yaml, seed: 1}
- id: second
  uses: task.denoise
  with: {picture: "${first.restored}", arch: tiny.yaml, task: {sigma: 4}}
"""
"""Three steps, two of which need nothing."""
