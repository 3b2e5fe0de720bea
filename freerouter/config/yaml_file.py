"""Reading YAML with the line and column of everything, and turning syntax errors into ours."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from freerouter.config.yaml_writer import NotPlainError, dump_yaml
from freerouter.errors import FileError
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "Document",
    "Fault",
    "at",
    "decode",
    "dump_yaml",
    "parse_text",
    "parse_yaml",
    "read_yaml",
]

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Fault(NamedTuple):
    """Something wrong at a place of a document. `rule`: an id of `config/validation/rules.py`."""

    rule: str
    line: int
    column: int
    what: str
    fix: str = ""
    path: tuple[str | int, ...] = ()


class Document(NamedTuple):
    """A parsed file. `place(path)` is the `file:line:col` of a value, or of the nearest parent.

    Whoever wants to know all that is wrong gives `told`, which gets every fault; without it the
    first one is raised.
    """

    name: str
    data: Any
    node: Any
    told: Callable[[Fault], None] | None = None

    def place(self, path: Sequence[str | int] = (), *, key: bool = False) -> str:
        mark = self._mark(path, key=key)
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name

    def position(self, path: Sequence[str | int] = (), *, key: bool = False) -> tuple[int, int]:
        """Line and column of the same, counted from one."""
        mark = self._mark(path, key=key)
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def refuse(
        self, rule: str, path: tuple[str | int, ...], what: str, fix: str = "", *, key: bool = False
    ) -> None:
        """Tell what is wrong there. It returns only where all that is wrong is wanted."""
        if self.told is None:
            raise FileError(f"{self.place(path, key=key)}: {what}", fix=fix)
        self.told(Fault(rule, *self.position(path, key=key), what, fix, path))

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
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise FileError(
            f"{name}:{line}:{column}: this is not UTF-8 text.", fix="Save it as UTF-8."
        ) from None


def parse_yaml(raw: bytes, name: str) -> Document:
    """Raises FileError for the first thing that is wrong, a key that a map holds twice included."""
    text = decode(raw, name)
    document = parse_text(text, name)
    for key in keys_twice(document.node):
        raise _refusal(name, text, key.start_mark, twice(key))
    return document


def parse_text(text: str, name: str) -> Document:
    """The same, but a key may stand twice; the last one then counts."""
    loader = Loader(text)
    node = None
    try:
        node = loader.get_single_node()
        if "<<" in text:
            _check_merges(node)
        data = _plain(node) if node is not None else None
        if data is _UNUSUAL:
            data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = (error.problem or error.context or "it is not YAML").rstrip(".")
        raise _refusal(name, text, mark, why) from None
    except yaml.YAMLError:
        where = _line_and_column(text, _UNREADABLE.search(text))
        raise FileError(f"{name}:{where}: control characters are not allowed.") from None
    except RecursionError:
        raise FileError(f"{name}:1:1: it is nested too deeply.", fix="Take a level out.") from None
    except _BAD_SCALARS as error:
        bad = _bad_scalar(node)
        why = (
            str(error).splitlines()[0] if isinstance(error, ValueError) else "it has no such value"
        )
        raise _refusal(name, text, bad and bad.start_mark, why.rstrip(".")) from None
    finally:
        loader.dispose()
    return Document(name, data, node)


_UNUSUAL = object()
_TAG = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ = (f"{_TAG}{kind}" for kind in ("str", "map", "seq"))
_ODD_KEYS = (f"{_TAG}merge", f"{_TAG}value")
"""`<<` and `=`."""


def _plain(top: Any) -> Any:
    """The data of a document of maps, lists and scalars, in a fraction of PyYAML's time.

    What is anything else (a merge, a tag, a map for a key) is PyYAML's business: _UNUSUAL.
    """
    maker = Loader("")
    made: dict[int, Any] = {}
    scalars: dict[tuple[str, str], Any] = {}

    def build(node: Any) -> Any:
        if type(node) is yaml.ScalarNode:
            if node.tag == _STR:
                return node.value
            known = (node.tag, node.value)
            if known not in scalars:
                scalars[known] = maker.construct_object(node)
            return scalars[known]
        if id(node) in made:
            return made[id(node)]
        if node.tag == _MAP:
            found: Any = {}
            made[id(node)] = found
            for key, value in node.value:
                if type(key) is not yaml.ScalarNode or key.tag in _ODD_KEYS:
                    raise NotPlainError
                name = key.value if key.tag == _STR else build(key)
                text = type(value) is yaml.ScalarNode and value.tag == _STR
                found[name] = value.value if text else build(value)
            return found
        if node.tag != _SEQ:
            raise NotPlainError
        made[id(node)] = found = []
        found += map(build, node.value)
        return found

    try:
        return build(top)
    except (NotPlainError, RecursionError):
        return _UNUSUAL


_UNREADABLE: re.Pattern[str] = yaml.reader.Reader.NON_PRINTABLE
_BAD_SCALARS = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError)
"""What PyYAML raises for a value that is not what its tag or its look says: 2026-13-45, say."""
MOST_PAIRS = 100_000
"""Keys that a map may have once everything is merged into it."""


def _line_and_column(text: str, found: re.Match[str] | None) -> str:
    at = found.start() if found else 0
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def _refusal(name: str, text: str, mark: Any, why: str) -> FileError:
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"
    return FileError(
        f"{where}: {why}.{_pointer(text, mark)}",
        fix="Mend that line; the file was left as it is.",
    )


def _bad_scalar(top: Any) -> Any:
    """The first value that cannot be made, for its place."""
    maker = Loader("")
    for node in nodes(top):
        if isinstance(node, yaml.ScalarNode):
            try:
                maker.construct_object(node)
            except _BAD_SCALARS:
                return node
            except yaml.YAMLError:
                continue
    return None


def nodes(top: Any) -> Iterator[Any]:
    """Every node once, in the order of the file."""
    waiting, visited = [top], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in visited:
            continue
        visited.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting += (one for pair in reversed(node.value) for one in reversed(pair))


def _check_merges(top: Any) -> None:
    """Refuse maps that double with every `<<`: a few lines would fill the memory."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = total = 0
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            merged = isinstance(key, yaml.ScalarNode) and key.value == "<<"
            parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
            total += sum(map(size, parts)) if merged else 1
        if total > MOST_PAIRS:
            raise yaml.MarkedYAMLError(
                problem=f"more than {MOST_PAIRS} keys are merged into this map",
                problem_mark=node.start_mark,
            )
        sizes[id(node)] = total
        return total

    for node in nodes(top):
        size(node)


def twice(key: Any) -> str:
    return f'the key "{key.value}" is here twice'


def keys_twice(top: Any) -> Iterator[Any]:
    """Each key that its map has already: YAML would silently drop the first."""
    waiting, visited = [top], set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value if type(value) is not yaml.ScalarNode]
            keys = {key.value for key, _ in node.value if type(key) is yaml.ScalarNode}
            if len(keys) == len(node.value):
                continue
            seen: set[str] = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                    continue
                if key.value in seen:
                    yield key
                seen.add(key.value)


def _pointer(text: str, mark: Any) -> str:
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return ""
    line = hidden(lines[mark.line])
    return f"\n    {line}\n    {' ' * min(mark.column, len(line))}^\n"


_KEPT_SECRET = re.compile(
    r"((?:key|token|secret|password)[\"']?\s*[:=]\s*[\"']?)(?!\$\{|os\.environ/|[\"'\s])([^\s\"',}]+)",
    re.IGNORECASE,
)


def hidden(line: str) -> str:
    """A line of a file as it may be shown: what may be a key in it is starred, at its length."""
    line = re.sub(KEY_SHAPES, lambda key: "*" * len(key.group()), line)
    return _KEPT_SECRET.sub(lambda found: found[1] + "*" * len(found[2]), line)


def at(data: Any, path: Iterable[str | int]) -> Any:
    """The value there, None where nothing is."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data
