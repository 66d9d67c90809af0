"""Typed options: one pydantic model serves the command line, YAML, listings and documentation."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticUndefined

from nasdip_core.errors import OptionError, did_you_mean
from nasdip_core.yaml_text import Loader


class Options(BaseModel):
    """Base of every option object: frozen, closed to unknown keys, every field described."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        values = value if isinstance(value, (list, tuple)) else [value]
        if info.field_name is not None and any(isinstance(each, bool) for each in values):
            kinds = set(_kinds(cls.model_fields[info.field_name].annotation))
            if kinds & {int, float} and bool not in kinds:
                raise ValueError("a number is needed")
        return value

    def located(self, base: Path) -> Self:
        """Return the options with the files that they name looked for in the folder `base`."""
        return self


def _kinds(annotation: Any) -> Iterator[Any]:
    """Yield the types of what a value may be or hold."""
    inner = get_args(annotation)
    if get_origin(annotation) is Literal:
        yield from map(type, inner)
    elif get_origin(annotation) is Annotated:
        yield from _kinds(inner[0])
    elif inner:
        for each in inner:
            yield from _kinds(each)
    else:
        yield annotation


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """Validate `values` against `model`; `where` is the dotted prefix that errors name.

    Raises OptionError naming the key, its value and the nearest known key.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise OptionError(explain(error, model, where)) from None


def refuse_idle(options: BaseModel, names: Iterable[str], beside: str) -> None:
    """Raise ValueError, for a validator, where options are set that do nothing beside another.

    A default is never refused: what a run has written spells every option out.
    """
    for name in names:
        field = type(options).model_fields[name]
        if getattr(options, name) != field.get_default(call_default_factory=True):
            raise ValueError(f"{name} does nothing with {beside}")


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Say in one line what is wrong with the first bad option."""
    found = error.errors(include_url=False)
    # A misspelt required key is both missing and extra: the misspelling is what helps.
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    return explain_one(first, model, where)


def explain_one(first: Mapping[str, Any], model: type[BaseModel], where: str) -> str:
    """Say in one line what is wrong with one option, by pydantic's word for it."""
    # Tags of unions and validators are no keys that a user wrote.
    parts = list(map(str, first["loc"]))
    # What is unknown was written by a user, whatever it is called.
    own = parts[-1:] if first["type"] == "extra_forbidden" else []
    keys = [part for part in parts[: len(parts) - len(own)] if not _is_tag(part)] + own
    path = ".".join([where, *keys] if where else keys)
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, list(map(str, first["loc"][:-1])))
        hint = did_you_mean(keys[-1], known) if known else "there are no options here"
        return f"unknown option '{path}'; {hint}"
    message = first["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    shown = first.get("input")
    if first["type"] == "missing":
        return f"option '{path}' is required"
    if parts[-1:] == ["[key]"]:
        return f"a key of option '{'.'.join(path.split('.')[:-2])}' is {shown!r}, which is no word"
    if isinstance(shown, (Mapping, BaseModel)) or shown is PydanticUndefined:
        return f"option '{path}': {message}"
    return f"option '{path}' = {shown!r}: {message}"


def _is_tag(part: str) -> bool:
    return part.startswith(("function-", "form-"))


def _known_keys(model: type[BaseModel], path: list[str]) -> list[str]:
    """Return the keys of the (nested) model at `path`; none where it is no model."""
    annotation: Any = model
    for key in path:
        if key.isdigit() or key.startswith("function-"):  # a place in a list, a validator
            continue
        if key.startswith("form-"):  # one of a union, by its tag
            nested = _tagged(annotation, key)
        else:
            field = model.model_fields.get(key)
            annotation = None if field is None else field.annotation
            nested = _model_in(annotation)
        if nested is None:
            return []
        model = nested
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model anywhere in a type: in lists and unions too, where keys may err."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _tagged(annotation: Any, tag: str) -> type[BaseModel] | None:
    """Return the model of a union that has a tag."""
    for member in get_args(annotation):
        if get_origin(member) is Annotated and Tag(tag) in get_args(member):
            return _model_in(get_args(member)[0])
    return None


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid on top, mapping by mapping; lists and scalars replace."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if (
            isinstance(below, str)
            and isinstance(value, Mapping)
            and value.keys() <= {"uses", "with"}
        ):
            below = {"uses": below}  # the short form of a plugin without options
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            # Another plugin takes none of the options of the one it replaces.
            if "uses" in value and value["uses"] != below.get("uses"):
                merged[key] = dict(value)
            else:
                merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def from_dotted(assignments: list[str]) -> dict[str, Any]:
    """Turn `["fit.steps=200", "task.sigma=25"]` into a nested mapping; values are YAML scalars.

    Raises OptionError for a word without `=`, a key with an empty part, or what is nested too
    deeply.
    """
    try:
        return _from_dotted(assignments)
    except RecursionError:
        raise OptionError("the options are nested too deeply") from None


def _from_dotted(assignments: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip()
        if not equals or not all(key.split(".")):
            raise OptionError(f"cannot read option '{assignment}'", "write it as key=value")
        try:
            # YAML would take a colour such as #ff00ff for a comment.
            value = text if text.startswith("#") else yaml.load(text, Loader)
        except (yaml.YAMLError, ValueError):  # the latter of a date that is none
            value = text
        result = merge(result, nested(key, value))
    return result


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return `{"fit": {"steps": value}}` for the dotted key `fit.steps`."""
    first, _, rest = key.partition(".")
    return {first: nested(rest, value) if rest else value}


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option as listings show it."""

    name: str
    type: str
    default: Any
    meaning: str


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[OptionField]:
    """Yield every option of a model with its dotted name, nested models unfolded.

    Of a model that may be left out nothing is required.
    """
    yield from _fields(model, prefix, None, "required")


def _fields(
    model: type[BaseModel], prefix: str, default: BaseModel | None, missing: str | None
) -> Iterator[OptionField]:
    for name, field in model.model_fields.items():
        dotted = f"{prefix}{field.alias or name}"
        value: Any = missing
        if default is not None:
            value = getattr(default, name)
        elif not field.is_required():
            value = field.get_default(call_default_factory=True)
        nested_model = _nested_model(field.annotation)
        if nested_model is not None:
            inner = value if isinstance(value, BaseModel) else None
            yield from _fields(
                nested_model, f"{dotted}.", inner, None if value is None else missing
            )
            continue
        yield OptionField(
            name=dotted,
            type=_type_name(field.annotation) + _bounds(field.metadata),
            default=list(value) if isinstance(value, tuple) else value,
            meaning=field.description or "",
        )


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a field that is one, or may be none instead."""
    choices = [choice for choice in get_args(annotation) or [annotation] if choice is not NoneType]
    if len(choices) == 1 and isinstance(choices[0], type) and issubclass(choices[0], BaseModel):
        return choices[0]
    return None


def _type_name(annotation: Any) -> str:
    """Return a type in words: int, `a | b` for choices, `list of int`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inner)
    if origin is Annotated:
        return _type_name(inner[0]) + _bounds(list(inner[1:]))
    if origin in (tuple, list):
        return f"list of {_type_name(inner[0])}"
    if origin is dict:
        return "mapping"
    if origin in (Union, UnionType):
        return " | ".join(_type_name(choice) for choice in inner)
    return "none" if annotation is NoneType else str(getattr(annotation, "__name__", annotation))


def _bounds(metadata: list[Any]) -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    parts = [inner for item in metadata for inner in getattr(item, "metadata", [item])]
    found = [
        f"{sign} {getattr(part, name)}"
        for part in parts
        for name, sign in signs.items()
        if getattr(part, name, None) is not None
    ]
    return f" ({', '.join(found)})" if found else ""
