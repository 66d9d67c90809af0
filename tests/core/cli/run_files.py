"""What a run leaves behind."""

FILES = {
    ".nasdip-files.json",
    ".nasdip-inputs.json",
    "events.jsonl",
    "pipeline.yaml",
    "report.html",
    "restored.png",
    "result.json",
}
