"""Keeps freed memory in the process while a fit runs, where the C library can (glibc)."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of mallopt(3), see glibc's <malloc.h>: while a fit runs, and afterwards. Set by hand,
# glibc's thresholds no longer adapt; the later ones are where they come to rest by themselves.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -2, -3, -4
_MIB = 2**20
_KEEPING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: 64 * _MIB}
_USUAL = {
    _MMAP_MAX: 2**16,
    _MMAP_THRESHOLD: 32 * _MIB,
    _TRIM_THRESHOLD: 64 * _MIB,
    _TOP_PAD: _MIB // 8,
}


@contextmanager
def memory_kept() -> Iterator[None]:
    """Let the next step take the memory that the last one freed.

    By default glibc returns large blocks to the system at once, which hands them out again one
    zeroed page at a time: a third of the time of a step that frees and takes the same blocks.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    _set(libc, _KEEPING)
    try:
        yield
    finally:
        _set(libc, _USUAL)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
