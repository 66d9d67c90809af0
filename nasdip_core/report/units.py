"""Numbers as people read them."""


def count(number: int) -> str:
    """Return a whole number with its thousands set apart: 12 000."""
    return (
        f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if number >= 10_000 else f"{number}"
    )


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if seconds < 3599.5:
        whole, rest, units = *divmod(round(seconds), 60), ("min", "s")
    else:
        whole, rest, units = *divmod(round(seconds / 60), 60), ("h", "min")
    return f"{whole} {units[0]}" + (f" {rest} {units[1]}" if rest else "")


def quantity(number: float) -> str:
    """Return a large number in three digits: 950, 12.3 k, 4 M, 1.25 G."""
    for unit in ("", " k", " M", " G"):
        if abs(number) < 999.5:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g} T"


def memory(size: float) -> str:
    """Return a number of bytes: 812 MiB, 1.4 GiB."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
