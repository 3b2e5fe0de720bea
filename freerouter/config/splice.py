"""Lines taken out of a YAML file and put into it: every other byte stays as the user wrote it.

A round trip through a YAML library hangs each comment on what stands before it, so that a comment
on the next entry would go with the one that is taken out. What cannot be done line by line gives
None; whoever uses this reads the new text again and compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from freerouter.config.yaml_file import dump_yaml, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

Place = tuple[str | int, ...]


def inline(value: Any) -> str:
    """A value as it can stand in one line, anywhere."""
    text: str = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False
    )
    return text.strip()[1:-1]


_COMMA = re.compile(r"(,?)[ \t]*(?:#[^\n]*)?\r?\n")
"""What may stand between an entry and the end of its line."""


class Lines:
    """A YAML text by lines and nodes. Every change gives the new text; None where it cannot."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._end = "\r\n" if "\r\n" in text else "\n"
        self._lines = text.splitlines(keepends=True)
        self._top = parse_yaml(text.encode(), "").node

    def node(self, place: Place) -> Any:
        """The node there, or None."""
        node = self._top
        for step in place:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
            else:
                return None
        return node

    def without(self, place: Place) -> str | None:
        """The text without an entry of a list or a map, of the lines that it has to itself."""
        parent, node = self.node(place[:-1]), self.node(place)
        if node is None:
            return None
        if parent.flow_style:
            return self._without_inline(parent, node)
        if isinstance(parent, yaml.MappingNode):
            mark = next(key for key, value in parent.value if value is node).start_mark
            first = mark.line if not self._lines[mark.line][: mark.column].strip() else None
        else:
            first = self._dash(node)
        if first is None:
            return None
        return "".join(self._lines[:first] + self._lines[_after(node) :])

    def with_value(self, place: Place, value: Any) -> str | None:
        """The text with another value where one stands that has no lines of its own."""
        node = self.node(place)
        if node is None or (isinstance(node, yaml.CollectionNode) and not node.flow_style):
            return None
        start, end = self._offset(node.start_mark), self._offset(node.end_mark)
        gap = " " if self.text[:start].endswith(":") else ""
        return self.text[:start] + gap + inline(value) + self.text[end:]

    def with_name(self, place: Place, name: str) -> str | None:
        """The text with another name for an entry of a map; what it holds stays."""
        parent, node = self.node(place[:-1]), self.node(place)
        if node is None or not isinstance(parent, yaml.MappingNode):
            return None
        key = next(key for key, value in parent.value if value is node)
        start, end = self._offset(key.start_mark), self._offset(key.end_mark)
        return self.text[:start] + inline(name) + self.text[end:]

    def with_key(self, place: Place, behind: str, value: Any) -> str | None:
        """The text with a new key in a map, behind another key that it has."""
        parent, other = self.node(place[:-1]), self.node((*place[:-1], behind))
        if not isinstance(other, yaml.ScalarNode):
            return None
        pair = f"{place[-1]}: {inline(value)}"
        if parent.flow_style:
            end = self._offset(other.end_mark)
            return f"{self.text[:end]}, {pair}{self.text[end:]}"
        return self._with(_after(other), [pair], parent.value[0][0].start_mark.column)

    def with_entry(self, place: Place, lines: Sequence[str]) -> str | None:
        """The text with the lines of one more entry at the end of a list or map."""
        parent = self.node(place)
        if parent is None or not isinstance(parent.value, list | str):
            return None
        if parent.value and isinstance(parent, yaml.CollectionNode) and parent.flow_style:
            return self._with_inline(parent, lines)
        if parent.value and not isinstance(parent, yaml.CollectionNode):
            return None
        if not parent.value:
            start, end = self._offset(parent.start_mark), self._offset(parent.end_mark)
            bare = Lines(self.text[:start].rstrip(" ") + self.text[end:])
            return bare._with(_after(parent), lines, 2)
        first = parent.value[0]
        if isinstance(first, tuple):
            return self._with(_after(parent), lines, first[0].start_mark.column)
        dash = self._dash(first)
        return None if dash is None else self._with(_after(parent), lines, self._indent(dash))

    def with_list(self, place: Place, values: Sequence[str]) -> str | None:
        """The text with other texts in a list; those that stay keep their lines and comments."""
        node = self.node(place)
        if not isinstance(node, yaml.SequenceNode) or node.flow_style or not values:
            return None
        begin = done = self._dash(node.value[0]) or 0
        own: dict[str, list[str]] = {}
        comments: list[str] = []
        for item in node.value:
            first = self._dash(item)
            if first is None:
                return None
            comments += self._lines[done:first]
            done = _after(item)
            if item.value in values:
                own[item.value], comments = [*comments, *self._lines[first:done]], []
        pad = " " * self._indent(begin)
        new: list[str] = []
        for value in values:
            new += own.get(value) or [f"{pad}{dump_yaml([value])}"]
        ended = [line.rstrip("\r\n") + self._end for line in new]
        return "".join(self._lines[:begin] + ended + comments + self._lines[done:])

    def with_more(self, lines: Sequence[str]) -> str:
        """The text with more keys at its end."""
        return self._with(len(self._lines), ["", *lines], 0)

    def _without_inline(self, parent: Any, node: Any) -> str | None:
        """The text without an entry between brackets, with its comma."""
        spans = [self._span(item) for item in parent.value]
        number = next(n for n, item in enumerate(parent.value) if node in _parts(item))
        start, end = spans[number]
        tail = _COMMA.match(self.text, end)
        line = self.text.rfind("\n", 0, start) + 1
        if tail and not self.text[line:start].strip():
            return self.text[:line] + self.text[tail.end() :]
        if number + 1 < len(spans):
            end = spans[number + 1][0]
        elif number:
            start = spans[number - 1][1]
        # A comment between two entries has no line to stay on.
        beside = self.text[start:end].replace(self.text[slice(*spans[number])], "")
        return None if "#" in beside else self.text[:start] + self.text[end:]

    def _with_inline(self, parent: Any, lines: Sequence[str]) -> str:
        """The text with one more entry between brackets: on a line of its own where the last is."""
        new = inline(yaml.safe_load("\n".join(lines)))[1:-1]
        start, end = self._span(parent.value[-1])
        tail = _COMMA.match(self.text, end)
        line = self.text.rfind("\n", 0, start) + 1
        pad = self.text[line:start]
        if tail is None or pad.strip():
            return f"{self.text[:end]}, {new}{self.text[end:]}"
        comma = tail[1]
        ended = f"{self.text[:end]}{comma or ','}{self.text[end + len(comma) : tail.end()]}"
        return f"{ended}{pad}{new}{comma}{self._end}{self.text[tail.end() :]}"

    def _span(self, item: Any) -> tuple[int, int]:
        """Where an entry of a list or map begins and ends."""
        first, last = (item[0], item[1]) if isinstance(item, tuple) else (item, item)
        return self._offset(first.start_mark), self._offset(last.end_mark)

    def _dash(self, item: Any) -> int | None:
        """The line on which an entry of a list begins with its dash."""
        number, column = item.start_mark.line, item.start_mark.column
        before = self._lines[number][:column].strip()
        while not before and number:
            number -= 1
            before = self._lines[number].partition("#")[0].strip()
        return number if before[:1] == "-" else None

    def _indent(self, number: int) -> int:
        return len(self._lines[number]) - len(self._lines[number].lstrip())

    def _with(self, number: int, lines: Sequence[str], pad: int) -> str:
        before = self._lines[:number]
        if before and not before[-1].endswith(("\n", "\r")):
            before[-1] += self._end
        new = [f"{' ' * pad}{line}".rstrip(" ") + self._end for line in lines]
        return "".join(before + new + self._lines[number:])

    def _offset(self, mark: Any) -> int:
        return sum(map(len, self._lines[: mark.line])) + int(mark.column)


def _parts(item: Any) -> tuple[Any, ...]:
    """An entry of a list, or name and value of one of a map."""
    return item if isinstance(item, tuple) else (item,)


def _after(node: Any) -> int:
    """The number of the line after the last one that a node has content on."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _after(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line) + bool(node.end_mark.column)
