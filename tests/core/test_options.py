"""Typed options: errors that name the key, merging, dotted keys, listings."""

from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import Field

from nasdip_core.errors import OptionError
from nasdip_core.options import Options, fields_of, from_dotted, merge, parse
from nasdip_core.yaml_text import Loader, dump


class Inner(Options):
    width: int = Field(default=4, ge=1, description="channels")


class Outer(Options):
    name: str = Field(description="a name")
    inner: Inner = Field(default_factory=Inner)
    rate: float = Field(default=0.1, gt=0, description="a rate")


class Keyed(Options):
    given: dict[str, Any] = Field(description="anything")


def test_unknown_key_names_path_and_nearest() -> None:
    with pytest.raises(
        OptionError, match=r"unknown option 'x\.inner\.wdith'; did you mean 'width'"
    ):
        parse(Outer, {"name": "a", "inner": {"wdith": 3}}, "x")


@pytest.mark.parametrize("key", ["form-x", "function-x"])
def test_an_unknown_key_may_have_any_name(key: str) -> None:
    with pytest.raises(OptionError, match=rf"unknown option 'x\.inner\.{key}'"):
        parse(Outer, {"name": "a", "inner": {key: 3}}, "x")


def test_bad_value_is_shown() -> None:
    with pytest.raises(OptionError, match=r"option 'x\.rate' = -1: .*greater than 0"):
        parse(Outer, {"name": "a", "rate": -1}, "x")


@pytest.mark.parametrize("value", ["nan", float("nan"), float("inf")])
def test_numbers_must_be_finite(value: object) -> None:
    with pytest.raises(OptionError, match="rate"):
        parse(Outer, {"name": "a", "rate": value}, "x")


@pytest.mark.parametrize("field", ["count", "rate", "unless", "kernel"])
def test_truth_is_no_number(field: str) -> None:
    class Numbers(Options):
        count: int = Field(default=1, description="a number")
        rate: Annotated[float, Field(gt=0)] = Field(default=0.1, description="a rate")
        unless: int | None = Field(default=None, description="a number or nothing")
        kernel: Literal[1, 3] = Field(default=3, description="one of some numbers")
        widths: int | tuple[int, ...] = Field(default=1, description="one number or several")
        truth: bool | int = Field(default=False, description="either")

    with pytest.raises(OptionError, match=rf"option 'x\.{field}' = True: a number is needed"):
        parse(Numbers, {field: True}, "x")
    with pytest.raises(OptionError, match=r"option 'x\.widths' = \[4, True\]: a number is needed"):
        parse(Numbers, {"widths": [4, True]}, "x")
    assert parse(Numbers, {"truth": True}, "").truth is True
    assert parse(Numbers, {field: 1, "truth": "yes"}, "").truth


def test_missing_key() -> None:
    with pytest.raises(OptionError, match=r"option 'x\.name' is required"):
        parse(Outer, {}, "x")


def test_merge_is_deep_and_leaves_its_inputs_alone() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": [1]}
    assert merge(base, {"a": {"b": 9}, "d": [2]}) == {"a": {"b": 9, "c": 2}, "d": [2]}
    assert base == {"a": {"b": 1, "c": 2}, "d": [1]}


def test_merge_drops_the_options_of_a_replaced_plugin() -> None:
    base = {"stopping": {"uses": "a", "with": {"patience": 3}}}
    assert merge(base, {"stopping": {"uses": "b"}}) == {"stopping": {"uses": "b"}}
    assert merge({"stopping": "a"}, {"stopping": {"with": {"n": 1}}}) == {
        "stopping": {"uses": "a", "with": {"n": 1}}
    }
    kept = merge(base, {"stopping": {"with": {"patience": 5}}})
    assert kept == {"stopping": {"uses": "a", "with": {"patience": 5}}}


def test_dotted_keys_are_yaml_values() -> None:
    values = from_dotted(
        ["fit.steps=200", "fit.lr=1e-2", "task.sigma=25", "task.on=true", "a=#ff0"]
    )
    assert parse(Outer, {"name": "n", "rate": values["fit"]["lr"]}, "").rate == 0.01
    assert values["fit"]["steps"] == 200
    assert values["task"] == {"sigma": 25, "on": True}
    assert values["a"] == "#ff0"
    # As in a file; JSON writes small numbers so.
    assert from_dotted(["lr=1e-05", "steps=1e1"]) == {"lr": 0.00001, "steps": 10}
    assert from_dotted(["name=2024-13-45"]) == {"name": "2024-13-45"}  # no date: text


@pytest.mark.parametrize(
    "word", ["0100", "010", "1:30", "1:30.5", "1e", ".", "no", "on", "yes", "Off", "y"]
)
def test_what_everybody_reads_otherwise_than_yaml_is_text(word: str) -> None:
    """YAML 1.1 has octal numbers, counts in sixties, and takes `no` for false."""
    assert from_dotted([f"a={word}"]) == {"a": word}
    assert parse(Outer, {"name": "n", "rate": "0100"}, "").rate == 100


@pytest.mark.parametrize(
    ("word", "value"),
    [("1_000", 1000), ("0x10", 16), ("-7", -7), ("+.5", 0.5), ("5.", 5.0), ("-1E+3", -1000.0)],
)
def test_numbers(word: str, value: float) -> None:
    assert from_dotted([f"a={word}"]) == {"a": value}


@pytest.mark.parametrize(
    "text", ["1e-3", "5E3", "010", "1:30", "no", "~", "1_0", ".5", "2024-01-01", "0x1", "=", "a: b"]
)
def test_what_is_written_reads_back_as_it_was(text: str) -> None:
    content = {"name": text, text: 1e-5, "numbers": [3, 0.5, 1e22, -7]}
    for style in ({}, {"default_flow_style": True}):
        assert yaml.load(dump(content, **style), Loader) == content


def test_what_is_nested_too_deeply_is_refused() -> None:
    for word in ("a=" + "[" * 3000, ".".join("a" * 5000) + "=1"):
        with pytest.raises(OptionError, match="nested too deeply"):
            from_dotted([word])


def test_a_key_that_is_no_word() -> None:
    with pytest.raises(OptionError, match=r"^a key of option 'given' is True, which is no word"):
        parse(Keyed, {"given": {True: 1}}, "")


@pytest.mark.parametrize("word", ["fit.steps", "=3", "fit..steps=3", ".a=1"])
def test_dotted_keys_that_cannot_be_read(word: str) -> None:
    with pytest.raises(OptionError, match="write it as key=value"):
        from_dotted([word])


def test_fields_are_listed_with_type_default_and_meaning() -> None:
    listed = {field.name: field for field in fields_of(Outer, "x.")}
    assert list(listed) == ["x.name", "x.inner.width", "x.rate"]
    assert listed["x.name"].default == "required"
    assert listed["x.inner.width"].type == "int (>= 1)"
    assert listed["x.inner.width"].default == 4
    assert listed["x.rate"].meaning == "a rate"
