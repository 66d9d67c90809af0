"""Settling a picture: the nearest kind that can hold its samples, with a note on each change."""

from dataclasses import replace

from nasdip_core.imaging import palette
from nasdip_core.imaging.kinds import Kind, Samples, holds, mode_name


def settle(kind: Kind, colour: Samples, alpha: Samples | None) -> tuple[Kind, tuple[str, ...]]:
    """Return a kind that can be written, the given or the nearest that fits, and what it costs.

    `colour` is (H, W, C), `alpha` (H, W) of the same type.
    """
    kind, model_notes = _with_model(kind, colour, alpha)
    kind, format_notes = _with_format(kind, colour, alpha)
    return kind, model_notes + format_notes


def _with_model(kind: Kind, colour: Samples, alpha: Samples | None) -> tuple[Kind, tuple[str, ...]]:
    """Leave a colour model of few colours when the samples have more."""
    if alpha is None and kind.premultiplied:
        return replace(kind, premultiplied=False), ()
    if kind.model == "bilevel":
        two = bool(((colour == 0) | (colour == kind.peak)).all())
        if alpha is None and two:
            return kind, ()
        why = "alpha" if two else "grey levels"
        note = f"a 1-bit picture cannot hold {why}: it is written with 8 bits"
        return replace(kind, model="grey"), (note,)
    if kind.model == "palette":
        entries = palette.extended(kind.palette or b"", colour, alpha)
        if entries is not None:
            return replace(kind, palette=entries), ()
        note = f"more than {palette.ENTRIES} colours: written without a palette, as RGB"
        return replace(kind, model="rgb", palette=None), (note,)
    return kind, ()


def _with_format(
    kind: Kind, colour: Samples, alpha: Samples | None
) -> tuple[Kind, tuple[str, ...]]:
    """Leave a file format that is not written, or cannot hold the mode or the size."""
    side = max(colour.shape[:2])
    mode = mode_name(kind.model, colour.dtype, alpha is not None)
    if holds(kind.format, mode, side):
        return kind, ()
    to = "PNG" if holds("PNG", mode, side) else "TIFF"
    note = f"{kind.format} is not written for {mode} pictures of this size: written as {to}"
    return replace(kind, format=to), (note,)
