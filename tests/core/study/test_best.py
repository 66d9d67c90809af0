"""Which trials a last comparison looks at again."""

from nasdip_core.study.best import CANDIDATES, finalists
from nasdip_core.study.records import Record


def done(slot: int, value: float | None, *, duplicate: bool = False) -> Record:
    return Record(slot, slot, "done", value=value, duplicate=duplicate)


def test_the_five_best_of_seven_the_best_first() -> None:
    """Of equals the earlier ones."""
    records = [done(slot, value) for slot, value in enumerate([1.0, 7.0, 3.0, 5.0, 3.0, 9.0, 3.0])]
    assert CANDIDATES == 5
    assert [r.slot for r in finalists(records)] == [5, 1, 3, 2, 4]


def test_only_what_was_trained_to_the_end() -> None:
    others = [Record(2, 2, state, value=9.0) for state in ("open", "pruned", "failed", "surplus")]
    records = [done(0, 0.0), done(1, -1.0), *others, done(3, 9.0, duplicate=True), done(4, None)]
    assert [r.slot for r in finalists(records)] == [0, 1]
