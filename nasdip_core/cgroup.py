"""What the control groups of Linux let this process have, in version 1 and 2 of their files."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def processors(system: Path = Path("/")) -> float | None:
    """Return how many processors' time this process may take; None: no group limits it."""
    found = [quota for group in _groups("cpu", system) if (quota := _quota(group)) is not None]
    return min(found, default=None)


def memory(system: Path = Path("/")) -> tuple[int, int] | None:
    """Return the least limit in bytes, and the least that is left of one; None: there is none.

    Files that the system holds for speed, and gives up where others want memory, count as left.
    """
    found = [told for group in _groups("memory", system) if (told := _memory(group)) is not None]
    if not found:
        return None
    limits, left = zip(*found, strict=True)
    return min(limits), min(left)


def _groups(controller: str, system: Path) -> Iterator[Path]:
    """Yield the folders of the groups that this process is in, and of those around them."""
    try:
        lines = (system / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        mount = system / "sys/fs/cgroup" / (controller if controllers else "")
        # The path may be that outside of a container, whose own group is where the mount begins.
        own = PurePosixPath(path.lstrip("/"))
        yield from (mount / part for part in (own, *own.parents))


def _quota(group: Path) -> float | None:
    try:
        if (file := group / "cpu.max").exists():
            quota, period = file.read_text().split()
        else:
            quota, period = (
                (group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
        # Without a limit they say `max`, or -1.
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):
        return None


def _memory(group: Path) -> tuple[int, int] | None:
    second = (group / "memory.max").exists()
    names = ("max", "current") if second else ("limit_in_bytes", "usage_in_bytes")
    try:
        limit, used = (int((group / f"memory.{name}").read_text()) for name in names)
        lines = (group / "memory.stat").read_text().splitlines()
        counts = dict(line.split(" ", 1) for line in lines)
        idle = int(counts["inactive_file" if second else "total_inactive_file"])
    except (OSError, ValueError, KeyError):  # `max` among them: no limit
        return None
    return limit, max(0, limit - used + idle)
