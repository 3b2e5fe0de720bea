"""Reading YAML with the line and column of everything, and turning syntax errors into ours."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from freerouter.config.yaml_writer import dump_yaml
from freerouter.errors import FileError
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Document", "decode", "dump_yaml", "parse_yaml", "read_yaml"]

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_AFTER_A_SECRETS_NAME = re.compile(
    r"""((?:key|token|secret|password)["']?\s*:\s*["']?)([^\s$"'][^\s"',}]*)""", re.IGNORECASE
)
"""What stands behind a name as secrets have; a reference is none."""


class Document(NamedTuple):
    """A parsed file. `place(path)` is the `file:line:col` of a value, or of the nearest parent."""

    name: str
    data: Any
    node: Any

    def place(self, path: Sequence[str | int] = (), *, key: bool = False) -> str:
        mark = self._mark(path, key=key)
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name

    def _mark(self, path: Sequence[str | int], *, key: bool) -> Any:
        node = self.node
        mark = node.start_mark if node is not None else None
        for depth, step in enumerate(path):
            if isinstance(node, yaml.MappingNode):
                pair = next((p for p in node.value if p[0].value == step), None)
                if pair is None:
                    break
                last = depth == len(path) - 1
                mark = pair[0].start_mark if last and key else pair[1].start_mark
                node = pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                mark = node.start_mark
        return mark


def read_yaml(path: str, directory: str = "") -> Document:
    """Parse a file. Raises FileError with line and column for what YAML itself refuses.

    It is called by its path, which may be one from that directory.
    """
    try:
        with open(os.path.join(directory, path), "rb") as file:
            raw = file.read()
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None
    return parse_yaml(raw, path)


def decode(raw: bytes, name: str) -> str:
    """The text of a file: UTF-8 with or without a mark, or UTF-16 with one."""
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileError(
            f"{name}:{line}: this is not UTF-8 text.", fix="Save it as UTF-8."
        ) from None


def parse_yaml(raw: bytes, name: str) -> Document:
    text = decode(raw, name)
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        _check_twice(node)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        why = (error.problem or error.context or "it is not YAML").rstrip(".")
        pointer = _pointer(text, mark)
        raise FileError(
            f"{where}: {why}.{pointer}", fix="Mend that line; the file was left as it is."
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise FileError(f"{name}: {str(error).splitlines()[0]}.") from None
    finally:
        loader.dispose()
    return Document(name, data, node)


def _check_twice(top: Any) -> None:
    """Refuse a key that a map holds twice: YAML would silently drop the first."""
    waiting, visited = [top], set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                waiting.append(value)
                if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                    continue
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f'the key "{key.value}" is here twice', problem_mark=key.start_mark
                    )
                seen.add(key.value)


def _pointer(text: str, mark: Any) -> str:
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return ""
    line = re.sub(KEY_SHAPES, lambda key: "*" * len(key.group()), lines[mark.line])
    line = _AFTER_A_SECRETS_NAME.sub(lambda found: found[1] + "*" * len(found[2]), line)
    return f"\n    {line}\n    {' ' * min(mark.column, len(line))}^\n"
