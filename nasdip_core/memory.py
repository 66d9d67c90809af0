"""Running out of memory as a failure that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from nasdip_core.errors import RunError


@contextmanager
def memory_limit_explained() -> Iterator[None]:
    """Turn what Python and torch raise when memory runs out into a RunError."""
    try:
        yield
    except MemoryError as error:
        raise _explained(error) from None
    except RuntimeError as error:
        # torch.OutOfMemoryError on a GPU, a bare RuntimeError on a CPU.
        text = str(error)
        if "out of memory" not in text and "allocate memory" not in text:
            raise
        raise _explained(error) from None


def _explained(error: BaseException) -> RunError:
    first = " ".join(str(error).split())[:120]
    return RunError(
        f"out of memory: {first}",
        "lower --tile, take a smaller picture, or a quicker --preset such as fast",
    )
