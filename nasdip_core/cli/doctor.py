"""`nasdip doctor`: what this installation runs on."""

from typing import Any

from nasdip_core.cli.output import json_result, result
from nasdip_core.cli.parameters import AsJson, Debug


def doctor(
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Show versions, device, threads and the states of plugins."""
    report = _examine()
    if as_json:
        json_result(report)
        return
    result(f"python    {report['python']} on {report['platform']}")
    for name, version in report["packages"].items():
        result(f"{name:<12}  {version or 'missing'}")
    result(f"device    {report['device']} (available: {', '.join(report['devices'])})")
    result(f"threads   {report['threads']} of {report['cores']} cores")
    for plugin in report["plugins"]:
        reason = f": {plugin['reason']}" if plugin["reason"] else ""
        result(f"plugin    {plugin['plugin']} {plugin['version']} {plugin['state']}{reason}")


def _examine() -> dict[str, Any]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import torch

    from nasdip_core.device import choose_device
    from nasdip_core.errors import OptionError
    from nasdip_core.plugins import Plugins
    from nasdip_core.resources import cores

    packages: dict[str, str | None] = {}
    for name in ("nasdip", *_required()):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    devices = []
    for name in ("cpu", "cuda", "mps"):
        try:
            devices.append(choose_device(name).type)
        except OptionError:
            continue
    return {
        "schema": "nasdip.doctor/1",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "device": choose_device("auto").type,
        "devices": devices,
        "threads": torch.get_num_threads(),
        "cores": cores(),
        "plugins": [
            {"plugin": p.id, "version": p.version, "state": p.state, "reason": p.says}
            for p in Plugins.discover().plugins
        ],
    }


def _required() -> list[str]:
    """Return the names of the packages that nasdip cannot do without."""
    import re
    from importlib.metadata import requires

    # A marker stands behind a semicolon: packages of extras.
    needed = [line for line in requires("nasdip") or [] if ";" not in line]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed]
