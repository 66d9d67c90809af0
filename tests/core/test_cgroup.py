"""Limits of control groups, as containers and batch systems set them."""

from collections.abc import Mapping
from pathlib import Path

from nasdip_core.cgroup import memory, processors


def system(root: Path, groups: str, files: Mapping[str, str]) -> Path:
    """Write what the system tells of this process's groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_container(tmp_path: Path) -> None:
    """Its own group is where the mount begins, whatever the path outside of it is called."""
    files = {
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/memory.max": "4000\n",
        "sys/fs/cgroup/memory.current": "3500\n",
        "sys/fs/cgroup/memory.stat": "anon 500\nfile 3000\ninactive_file 2900\n",
    }
    there = system(tmp_path, "0::/docker/0123\n", files)
    assert processors(there) == 1.5
    assert memory(there) == (4000, 3400), "what the system holds of files is given up"


def test_a_job_among_others(tmp_path: Path) -> None:
    """The tightest of all groups around the process counts."""
    base = "sys/fs/cgroup/slurm"
    files = {
        f"{base}/cpu.max": "800000 100000",
        f"{base}/job/cpu.max": "400000 100000",
        f"{base}/job/step/cpu.max": "max 100000",
        f"{base}/memory.max": "9000",
        f"{base}/memory.current": "8500",
        f"{base}/memory.stat": "inactive_file 0",
        f"{base}/job/memory.max": "5000",
        f"{base}/job/memory.current": "1000",
        f"{base}/job/memory.stat": "inactive_file 0",
        f"{base}/job/step/memory.max": "max",
        f"{base}/job/step/memory.current": "1000",
        f"{base}/job/step/memory.stat": "inactive_file 0",
    }
    there = system(tmp_path, "0::/slurm/job/step\n", files)
    assert processors(there) == 4
    assert memory(there) == (5000, 500)


def test_version_1(tmp_path: Path) -> None:
    base = "sys/fs/cgroup"
    files = {
        f"{base}/cpu/box/cpu.cfs_quota_us": "200000\n",
        f"{base}/cpu/box/cpu.cfs_period_us": "100000\n",
        f"{base}/cpu/cpu.cfs_quota_us": "-1\n",
        f"{base}/cpu/cpu.cfs_period_us": "100000\n",
        f"{base}/memory/box/memory.limit_in_bytes": "2000\n",
        f"{base}/memory/box/memory.usage_in_bytes": "700\n",
        f"{base}/memory/box/memory.stat": "inactive_file 1\ntotal_inactive_file 200\n",
    }
    there = system(tmp_path, "9:name=systemd:/\n4:memory:/box\n1:cpu,cpuacct:/box\n0::/\n", files)
    assert processors(there) == 2
    assert memory(there) == (2000, 1500)


def test_without_limits(tmp_path: Path) -> None:
    assert processors(tmp_path) is None, "no Linux"
    assert memory(tmp_path) is None
    files = {"sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n"}
    there = system(tmp_path, "0::/\n", files)
    assert processors(there) is None
    assert memory(there) is None
