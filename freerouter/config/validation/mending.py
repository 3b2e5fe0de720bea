"""Mending what is safe to mend, in the text of the file: every other byte stays as it was."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from freerouter.config.splice import Lines, inline
from freerouter.config.yaml_file import at, parse_text
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freerouter.config.validation.findings import Finding, Mend, Path
    from freerouter.config.yaml_file import Document


class Mended(NamedTuple):
    """The new text, and what was mended in it."""

    text: str
    done: tuple[Finding, ...]


def mend_text(text: str, document: Document, findings: Iterable[Finding]) -> Mended:
    """Do what the findings say is safe. A change that would not read as meant is left out."""
    done: list[Finding] = []
    edits: list[tuple[int, int, str]] = []
    wanted = copy.deepcopy(document.data)
    moves = []
    for finding in findings:
        if finding.mend is None:
            continue
        if finding.mend.kind == "move":
            moves.append(finding)
            continue
        edit = _edit(text, document, finding.mend) if _fits(wanted, finding.mend) else None
        if edit and not any(edit[0] < end and begin < edit[1] for begin, end, _ in edits):
            edits.append(edit)
            done.append(finding)
            _change(wanted, finding.mend, text[edit[0] : edit[1]])
    new = text
    for begin, end, put in sorted(edits, reverse=True):
        new = new[:begin] + put + new[end:]
    if _data(new) != wanted:
        new, done = text, []
    for finding in moves:
        moved = _moved(new, finding.mend) if finding.mend else None
        if moved is not None:
            new = moved
            done.append(finding)
    return Mended(new, tuple(done))


def _fits(data: Any, mend: Mend) -> bool:
    """Whether the key is still there, and the one that it shall become is not."""
    parent = at(data, mend.path[:-1])
    there = isinstance(parent, dict) and mend.path[-1] in parent
    return there and not (mend.kind == "rename" and mend.value in parent)


def _edit(text: str, document: Document, mend: Mend) -> tuple[int, int, str] | None:
    """Begin, end and new text; None where the place is not what it should be."""
    pair = _pair(document.node, mend.path)
    if pair is None:
        return None
    node = pair[0] if mend.kind == "rename" else pair[1]
    if not isinstance(node, yaml.ScalarNode):
        return None
    begin, end = node.start_mark.index, node.end_mark.index
    old = text[begin:end]
    if mend.kind == "rename":
        return (begin, end, str(mend.value)) if old.strip("\"'") == node.value else None
    if mend.kind == "put":
        return (begin, end, inline(mend.value)) if old.strip("\"'") == node.value else None
    if not node.style and old == node.value and "\n" not in old:
        escaped = old.replace("\\", "\\\\").replace('"', '\\"')
        return begin, end, f'"{escaped}"'
    return None


def _pair(node: Any, path: Path) -> tuple[Any, Any] | None:
    """The key's node and the value's; of an entry of a list both are the value's."""
    found = None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = (node.value[step], node.value[step]) if step < len(node.value) else None
        else:
            return None
        if found is None:
            return None
        node = found[1]
    return found


def _change(data: Any, mend: Mend, written: str) -> None:
    """The same in the data, to hold the new text against."""
    parent, name = at(data, mend.path[:-1]), mend.path[-1]
    if mend.kind == "rename":
        parent[mend.value] = parent.pop(name)
    else:
        parent[name] = mend.value if mend.kind == "put" else written


def _moved(text: str, mend: Mend) -> str | None:
    """The text with a key in another section; None where it cannot be done line by line."""
    section, key = mend.value
    try:
        lines = Lines(text)
        node = lines.node(mend.path)
        if not isinstance(node, yaml.ScalarNode):
            return None
        entry = f"{key}: {text[node.start_mark.index : node.end_mark.index]}"
        shorter = lines.without(mend.path)
        if shorter is None:
            return None
        rest = Lines(shorter)
        present = rest.node((section,)) is not None
        new = (
            rest.with_entry((section,), [entry])
            if present
            else rest.with_more([f"{section}:", f"  {entry}"])
        )
        return new if new and at(_data(new), (section, key)) == node.value else None
    except FileError:
        return None


def _data(text: str) -> Any:
    try:
        return parse_text(text, "").data
    except FileError:
        return None
