"""Nodes with a clock of their own, or without room on their disk, among others that are well."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from commands import Cluster

from nasdip_core.study.lease import LEASE
from nasdip_core.study.records import NOT_KEPT
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study

TRIALS = 2
TRIALS_OF_TWO = 12
"""As many as last until the second worker has begun."""
_SKEW = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *found) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, found);
    if (clock == CLOCK_REALTIME) found->tv_sec += 3600;
    return answer;
}
"""


@pytest.fixture
def ahead(tmp_path: Path) -> Path:
    """A library that makes a process live an hour ahead."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a clock of")
    source, library = tmp_path / "skew.c", tmp_path / "skew.so"
    source.write_text(_SKEW)
    command = [compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """Words before a command that give it a disk of 16 KiB for its fits, and to nobody else."""
    folder = tmp_path / "out" / "fits"
    folder.mkdir(parents=True)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs -o size=16k tmpfs "{folder}" && exec "$@"'
    words = ["unshare", *user, "--mount", "sh", "-c", mount, "sh"]
    tried = subprocess.run([*words, "true"], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("this machine lets no process mount a disk of its own")
    return words


def test_clocks_that_do_not_agree(cluster: Cluster, ahead: Path) -> None:
    """An hour apart, neither worker takes the other for gone, and none is done twice."""
    url = study_url(cluster.folder / "out")
    search = cluster.search(url, TRIALS_OF_TWO)
    cluster.wait_until(url, bool)
    joined = cluster.start(["search", "--join", url], LD_PRELOAD=str(ahead))
    for process in (search, joined):
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    trials = cluster.trials(url)
    assert sum(record.counts for record in cluster.records(url)) == TRIALS_OF_TWO
    assert all(record.number == record.slot for record in cluster.records(url)), "none again"
    finals = [s for s in open_storage(url).get_all_studies() if "finals" in s.study_name]
    compared = [t for s in finals for t in open_storage(url).get_all_trials(s._study_id)]
    starts = [t.datetime_start for t in [*trials, *compared] if t.datetime_start is not None]
    assert max(starts) - min(starts) > timedelta(minutes=50), "both have worked"


def test_a_node_whose_disk_is_full(cluster: Cluster, small_disk: list[str]) -> None:
    """Its fits find no room; what its candidates are worth is told all the same."""
    url = study_url(cluster.folder / "study.journal")
    search = cluster.search(url, TRIALS)
    cluster.wait_until(url, lambda found: any(LEASE in trial.system_attrs for trial in found))
    search.kill()
    search.communicate()
    joined = cluster.start(["search", "--join", url], before=small_disk)
    _, said = joined.communicate(timeout=200)
    assert joined.returncode == 0, said
    records = cluster.records(url)
    assert sum(record.state == "done" for record in records) == TRIALS
    reasons = [t.user_attrs[NOT_KEPT] for t in cluster.trials(url) if NOT_KEPT in t.user_attrs]
    assert reasons
    assert "No space left" in reasons[0]
    assert load_study(open_storage(url), url).user_attrs["nasdip:best"]
