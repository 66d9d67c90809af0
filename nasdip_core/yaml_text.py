"""YAML as files and the command line have it: one meaning wherever a value is written."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

_MEANT = {
    "tag:yaml.org,2002:int": r"[-+]?(?:0|[1-9][\d_]*|0b[01_]+|0x[\da-fA-F_]+)",
    "tag:yaml.org,2002:float": r"[-+]?(?:(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?"
    r"|\d+[eE][-+]?\d+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
    "tag:yaml.org,2002:bool": "true|True|TRUE|false|False|FALSE",
}
"""What everybody means: in YAML 1.1 1e-2 is text, 010 is 8, 1:30 is 90 and no is false."""


class Loader(yaml.SafeLoader):
    """Reads YAML; refuses duplicate keys, of which plain YAML silently keeps the last."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse merge keys, which could hide what stands where."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, "merge keys (<<) are not supported", key.start_mark
                )

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice, or is no single word."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a single word", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key.value}' stands here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Writes what the loader reads back as the same: a text such as 1e-2 in quotes."""


def dump(content: Any, **style: Any) -> str:
    """Return plain values as YAML, in their order; `style` is that of `yaml.dump`."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, **style)
    return text


def _add_meant(kind: type[Loader | _Dumper], *, alone: bool) -> None:
    """Let a kind know numbers and truth as we write them; `alone`: no others."""
    if alone:
        kind.yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in known if tag not in _MEANT]
            for first, known in kind.yaml_implicit_resolvers.items()
        }
    for tag, pattern in _MEANT.items():
        kind.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), list("-+.0123456789tTfF"))


_add_meant(Loader, alone=True)
_add_meant(_Dumper, alone=False)
