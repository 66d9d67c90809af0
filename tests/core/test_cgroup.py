"""Limits of control groups, as containers and batch systems set them."""

from collections.abc import Mapping
from pathlib import Path

from nasdip_core.cgroup import memory, processors

ROOT = "sys/fs/cgroup"


def system(root: Path, groups: str, files: Mapping[str, str]) -> Path:
    """Write what the system tells of this process's groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def group(folder: str, cpu: str, limit: str, used: int, idle: int = 0) -> dict[str, str]:
    """Return the files of a group of version 2."""
    return {
        f"{folder}/cpu.max": f"{cpu} 100000\n",
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": f"{used}\n",
        f"{folder}/memory.stat": f"anon 500\nfile 3000\ninactive_file {idle}\n",
    }


def test_a_container(tmp_path: Path) -> None:
    """Its own group is where the mount begins, whatever the path outside of it is called."""
    there = system(tmp_path, "0::/docker/0123\n", group(ROOT, "150000", "4000", 3500, 2900))
    assert processors(there) == 1.5
    assert memory(there) == (4000, 3400), "what the system holds of files is given up"


def test_a_job_among_others(tmp_path: Path) -> None:
    """The tightest of all groups around the process counts."""
    files = {
        **group(f"{ROOT}/slurm", "800000", "9000", 8500),
        **group(f"{ROOT}/slurm/job", "400000", "5000", 1000),
        **group(f"{ROOT}/slurm/job/step", "max", "max", 1000),
    }
    there = system(tmp_path, "0::/slurm/job/step\n", files)
    assert processors(there) == 4
    assert memory(there) == (5000, 500)


def test_version_1(tmp_path: Path) -> None:
    files = {
        f"{ROOT}/cpu/box/cpu.cfs_quota_us": "200000\n",
        f"{ROOT}/cpu/box/cpu.cfs_period_us": "100000\n",
        f"{ROOT}/cpu/cpu.cfs_quota_us": "-1\n",
        f"{ROOT}/cpu/cpu.cfs_period_us": "100000\n",
        f"{ROOT}/memory/box/memory.limit_in_bytes": "2000\n",
        f"{ROOT}/memory/box/memory.usage_in_bytes": "700\n",
        f"{ROOT}/memory/box/memory.stat": "inactive_file 1\ntotal_inactive_file 200\n",
    }
    there = system(tmp_path, "9:name=systemd:/\n4:memory:/box\n1:cpu,cpuacct:/box\n0::/\n", files)
    assert processors(there) == 2
    assert memory(there) == (2000, 1500)


def test_without_limits(tmp_path: Path) -> None:
    assert processors(tmp_path) is None, "no Linux"
    assert memory(tmp_path) is None
    there = system(tmp_path, "0::/\n", group(ROOT, "max", "max", 700))
    assert processors(there) is None
    assert memory(there) is None
