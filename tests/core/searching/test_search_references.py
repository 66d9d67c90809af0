"""`STUDY#best` where pictures are restored."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from searcher import TINY, Searcher, listed
from sqlalchemy import event
from sqlalchemy.pool import Pool

from nasdip_core.errors import OptionError, StudyError
from nasdip_core.pipeline.architectures import architectures
from nasdip_core.pipeline.jobs import batch
from nasdip_core.plugins import Plugins
from nasdip_core.study import reference
from nasdip_core.study.storage import used_storage


def test_a_folder_looks_at_a_study_once_and_leaves_it_closed(
    searcher: Searcher, pictures: Path, toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher.search(pictures / "a.png", 1, strategy=listed((4, 1)))
    looks: list[str] = []
    connections = {"connect": 0, "close": 0}

    def look(url: str) -> AbstractContextManager[object]:
        looks.append(url)
        return used_storage(url)

    def connected(*_: object) -> None:
        connections["connect"] += 1

    def closed(*_: object) -> None:
        connections["close"] += 1

    monkeypatch.setattr(reference, "used_storage", look)
    event.listen(Pool, "connect", connected)
    event.listen(Pool, "close", closed)
    try:
        given = {"arch": f"{searcher.output}#best", **TINY}
        planned = batch(pictures, "denoise", given, searcher.output / "restored", toys)
        with pytest.raises(StudyError, match="has no trial 9"):
            reference.resolve_reference(f"{searcher.output}#9", toys, Path())
    finally:
        event.remove(Pool, "connect", connected)
        event.remove(Pool, "close", closed)
    assert len(looks) == 2
    assert connections["connect"] == connections["close"] > 0
    assert [len(job.resolved.kept) for job in planned.jobs] == [3, 0, 0, 0, 0]
    assert {job.resolved.arch.name for job in planned.jobs} == {"nasdip-trial-0"}


@pytest.mark.parametrize("which", ["#top7", ""])
def test_no_reference_tells_a_password(toys: Plugins, which: str) -> None:
    with pytest.raises(OptionError, match="cannot read 'postgresql://") as caught:
        architectures(f"postgresql://me:hunter2@db.example/base{which}", toys, Path())
    assert "hunter2" not in str(caught.value)
