"""Every command that edits, on files written in every way that people write them.

Whatever a change does not concern is there afterwards: comments, order, values. And the file then
says what was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from freerouter.config.edit import (
    put_provider,
    put_selection,
    remove_provider,
    switch_provider,
)
from freerouter.config.providers_file import Entry, load_providers
from freerouter.config.put_setting import put
from freerouter.config.settings import find
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import read_yaml
from freerouter.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("lab", "attic", "cellar", "shed")
IDS = ("a", "b/c", "d:free", "it's", "1e3", "é")
COMMENT = re.compile(r"#c\d+ [^\r\n]*")


@dataclass
class Writer:
    """Writes a providers.yaml as one person would; `draw` decides how."""

    draw: Callable[[Any], Any]
    lines: list[str] = field(default_factory=list)
    comments: int = 0
    owner: str = ""
    owners: dict[str, str] = field(default_factory=dict)
    """Whose lines a comment stands between: an entry's, a selection's, or nobody's."""

    def maybe(self) -> bool:
        return bool(self.draw(st.booleans()))

    def comment(self, pad: str = "") -> None:
        """Perhaps a comment of its own, or an empty line."""
        kind = self.draw(st.sampled_from(("", "", "blank", "#", "far")))
        if kind == "blank":
            self.lines.append("")
        elif kind:
            self.lines.append(f"{'' if kind == 'far' else pad}{self.words()}")

    def words(self) -> str:
        self.comments += 1
        text = f"#c{self.comments} {self.draw(WORDS)}"
        self.owners[text] = self.owner
        return text

    def put(self, line: str) -> None:
        """A line, perhaps with a comment behind it."""
        if self.draw(st.integers(0, 3)) == 0:
            line += f"{' ' * self.draw(st.integers(1, 4))}{self.words()}"
        self.lines.append(line)

    def scalar(self, value: str, *, flow: bool = False) -> str:
        quotes = ["single", "double"]
        if re.fullmatch(r"[a-z][a-z/.:]*[a-z]", value) and not (flow and "://" in value):
            quotes.append("plain")
        quote = self.draw(st.sampled_from(quotes))
        if quote == "single":
            return "'" + value.replace("'", "''") + "'"
        return f'"{value}"' if quote == "double" else value

    def pairs(self, name: str) -> list[tuple[str, str]]:
        pairs = [("type", "oai"), ("name", self.scalar(name, flow=True))]
        if self.maybe():
            pairs.append(("api_base", self.scalar("http://x/v1", flow=True)))
        if self.maybe():
            pairs.append(("api_key", self.draw(st.sampled_from(('"${KEY}"', "'${A}${B}'")))))
        if self.maybe():
            pairs.append(("enabled", self.draw(st.sampled_from(("true", "false", "yes", "no")))))
        return pairs

    def row(self, name: str) -> str:
        return f"{{{', '.join(f'{k}: {v}' for k, v in self.pairs(name))}}}"

    def entry(self, name: str, pad: str) -> None:
        pairs = self.pairs(name)
        self.comment(pad)
        self.owner = name
        style = self.draw(st.sampled_from(("block", "block", "flow", "wide", "below")))
        if style == "flow":
            self.put(f"{pad}- {self.row(name)}")
        elif style == "wide":
            self.put(f"{pad}- {{")
            for key, value in pairs:
                self.lines.append(f"{pad}    {key}: {value},")
            self.put(f"{pad}  }}")
        else:
            inner = pad + "  "
            first = [f"{pad}-"] if style == "below" else []
            for line in first:
                self.put(line)
            for number, (key, value) in enumerate(pairs):
                lead = f"{pad}- " if not (number or first) else inner
                self.put(f"{lead}{key}: {value}")
                if number and self.draw(st.integers(0, 4)) == 0:
                    self.comment(inner)
            if self.draw(st.integers(0, 3)) == 0:
                self.put(f"{inner}options:")
                self.comment(f"{inner}  ")
                self.put(f"{inner}  models:")
                for model in ("m1", "m2"):
                    self.put(f"{inner}    - {model}")

    def providers(self, names: list[str]) -> None:
        if not names:
            self.put(self.draw(st.sampled_from(("providers: []", "providers:"))))
            return
        pad = self.draw(st.sampled_from(("", "  ", "    ")))
        style = self.draw(st.sampled_from(("block", "block", "block", "line", "lines")))
        if style == "line":
            self.put(f"providers: [{', '.join(self.row(name) for name in names)}]")
            return
        if style == "lines":
            self.put("providers: [")
            for name in names:
                self.owner = name
                self.put(f"  {self.row(name)},")
            self.owner = ""
            self.put("]")
            return
        self.put("providers:")
        for name in names:
            self.entry(name, pad)
            self.owner = ""

    def select(self, names: list[str]) -> None:
        chosen = [name for name in names if self.maybe()]
        if not chosen:
            return
        pad = self.draw(st.sampled_from(("  ", "    ")))
        self.owner = SELECT
        self.put("select:")
        for name in chosen:
            ids = self.draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True))
            self.comment(pad)
            self.owner = name
            if not ids or self.maybe():
                listed = ", ".join(self.scalar(i, flow=True) for i in ids)
                self.put(f"{pad}{name}: [{listed}]")
                self.owner = SELECT
                continue
            self.put(f"{pad}{name}:")
            deep = pad + self.draw(st.sampled_from(("", "  ")))
            for model in ids:
                self.comment(deep)
                self.put(f"{deep}- {self.scalar(model)}")
            self.owner = SELECT
        self.owner = ""

    def other(self) -> None:
        kind = self.draw(st.sampled_from(("", "gateway", "anchor", "flow", "spend")))
        if kind == "gateway":
            self.put("gateway:")
            self.put("    port: 4001")
        elif kind == "flow":
            self.put("gateway: {port: 4001, request_timeout: 1.5}")
        elif kind == "spend":
            self.put("spend: allowed")
        elif kind == "anchor":
            self.put("litellm:")
            self.put("  litellm_settings: &same {drop_params: true, note: 'a # b'}")
            self.put("  general_settings: *same")


SELECT = "select"
"""The owner of comments in `select:` that stand between no lines of a single provider."""
Written = tuple[bytes, list[str], dict[str, str]]
WORDS = st.sampled_from(("mine", "don't touch", "providers: [", "- type: demo", "é ñ", '"'))


@st.composite
def written(draw: Callable[[Any], Any]) -> Written:
    """A file, the names of its providers, and whose each comment is."""
    writer = Writer(draw)
    names = draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
    parts = [lambda: writer.providers(names), lambda: writer.select(names), writer.other]
    writer.comment()
    if draw(st.integers(0, 4)) == 0:
        writer.lines.append("---")
    for part in draw(st.permutations(parts)):
        writer.comment()
        part()
    writer.comment()
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    text = end.join(writer.lines) + (end if draw(st.booleans()) else "")
    mark = b"\xef\xbb\xbf" if draw(st.integers(0, 4)) == 0 else b""
    return mark + text.encode(), names, writer.owners


class Place:
    """A workspace that holds the file."""

    def __init__(self, root: str, raw: bytes) -> None:
        self.workspace = Workspace(root)
        with open(self.workspace.providers_file, "wb") as file:
            file.write(raw)

    @property
    def raw(self) -> bytes:
        with open(self.workspace.providers_file, "rb") as file:
            return file.read()

    @property
    def entries(self) -> list[Entry]:
        return [entry._replace(place="") for entry in load_providers(self.workspace).entries]

    @property
    def select(self) -> dict[str, tuple[str, ...]]:
        return dict(load_providers(self.workspace).select)


def comments(raw: bytes) -> list[str]:
    return COMMENT.findall(raw.decode("utf-8-sig"))


def others(place: Place) -> tuple[Any, ...]:
    file = load_providers(place.workspace)
    return file.gateway, file.litellm, file.spend


@dataclass
class Edited:
    """What the file says now, and who was in it and chosen before."""

    raw: bytes
    entries: list[Entry]
    select: dict[str, tuple[str, ...]]
    had: list[Entry]
    chosen: dict[str, tuple[str, ...]]


def edited(file: Written, act: Callable[[Place], object]) -> Edited:
    """Do it to the file. Whatever it is, the other settings and the ends of lines stay."""
    raw = file[0]
    note(raw.decode())
    with TemporaryDirectory() as root:
        place = Place(root, raw)
        had, chosen, rest = place.entries, place.select, others(place)
        act(place)
        note(place.raw.decode())
        assert others(place) == rest
        if b"\r\n" in raw:
            assert place.raw.count(b"\n") == place.raw.count(b"\r\n")
        return Edited(place.raw, place.entries, place.select, had, chosen)


@given(written())
@settings(max_examples=100)
def test_adding(file: Written) -> None:
    new = edited(
        file, lambda p: put_provider(p.workspace, {"type": "ollama", "spend": "never"}, 0.0)
    )
    assert new.entries == [*new.had, Entry("ollama", "ollama", spend="never")]
    assert new.select == new.chosen
    assert comments(new.raw) == comments(file[0])


@given(
    written(),
    st.sampled_from(({"api_base": "http://y"}, {"api_key": "${NEW}"}, {"spend": "never"})),
)
@settings(max_examples=100)
def test_changing(file: Written, values: dict[str, Any]) -> None:
    if not file[1]:
        return
    name = file[1][0]
    new = edited(
        file, lambda p: put_provider(p.workspace, {"type": "oai", "name": name, **values}, 0.0)
    )
    assert new.entries == [new.had[0]._replace(**values), *new.had[1:]]
    assert new.select == new.chosen
    assert sorted(comments(new.raw)) == sorted(comments(file[0]))


@given(written(), st.booleans(), st.integers(0, 2))
@settings(max_examples=100)
def test_switching(file: Written, on: bool, which: int) -> None:
    if which >= len(file[1]):
        return
    name = file[1][which]
    new = edited(file, lambda p: switch_provider(p.workspace, name, 0.0, on=on))
    assert new.entries == [e._replace(enabled=on) if e.name == name else e for e in new.had]
    assert new.select == new.chosen
    assert comments(new.raw) == comments(file[0])


@given(written(), st.integers(0, 2))
@settings(max_examples=100)
def test_removing(file: Written, which: int) -> None:
    if which >= len(file[1]):
        return
    name = file[1][which]
    new = edited(file, lambda p: remove_provider(p.workspace, name, 0.0))
    assert new.entries == [e for e in new.had if e.name != name]
    assert new.select == {n: ids for n, ids in new.chosen.items() if n != name}
    left = comments(new.raw)
    assert left == [c for c in comments(file[0]) if c in left]
    gone = {name} if new.select else {name, SELECT}
    assert {c for c, owner in file[2].items() if owner not in gone} <= set(left)


CHOICES = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(IDS), unique=True))


@given(written(), CHOICES)
@settings(max_examples=100)
def test_selecting(file: Written, chosen: dict[str, list[str]]) -> None:
    chosen = {name: ids for name, ids in chosen.items() if name in file[1]}
    new = edited(file, lambda p: put_selection(p.workspace, chosen, 0.0))
    assert new.entries == new.had
    assert new.select == {name: tuple(ids) for name, ids in chosen.items()}
    touched = {
        n for n, ids in new.chosen.items() if tuple(chosen.get(n, ())) != ids or not chosen.get(n)
    }
    touched |= set() if chosen else {SELECT}
    left = comments(new.raw)
    kept = {c for c, owner in file[2].items() if owner not in touched}
    assert kept <= set(left)


SETTINGS = st.sampled_from(
    (
        ("gateway.port", 4002),
        ("gateway.workers", 2),
        ("spend", "never"),
        ("usage.keep_days", 7),
        ("litellm.litellm_settings.drop_params", False),
        ("litellm.router_settings.retry_policy.TimeoutErrorRetries", 1),
        ("litellm.callbacks", ["one", "#two"]),
    )
)


@given(written(), SETTINGS)
@settings(max_examples=150)
def test_setting_and_taking_out_again(file: Written, wanted: tuple[str, Any]) -> None:
    name, value = wanted
    note(file[0].decode())
    with TemporaryDirectory() as root:
        place = Place(root, file[0])
        had, chosen = place.entries, place.select
        before = at(place, name)
        if b"&same" in file[0] and name.startswith("litellm.litellm_settings."):
            # Another setting is written by the same words, and must not change with it.
            with pytest.raises(UsageError):
                put(place.workspace, name, value, 0.0)
            assert place.raw == file[0]
            return
        put(place.workspace, name, value, 0.0)
        note(place.raw.decode())
        assert at(place, name) == value
        assert (place.entries, place.select) == (had, chosen)
        assert sorted(comments(place.raw)) == sorted(comments(file[0]))
        if b"\r\n" in file[0]:
            assert place.raw.count(b"\n") == place.raw.count(b"\r\n")
        put(place.workspace, name, before, 0.0)
        note(place.raw.decode())
        assert at(place, name) == before
        assert (place.entries, place.select) == (had, chosen)
        assert set(comments(place.raw)) <= set(comments(file[0]))


def at(place: Place, name: str) -> Any:
    """What the file itself says; None where it is silent."""
    document, file = read_yaml(place.workspace.providers_file), load_providers(place.workspace)
    try:
        found = find(name, document, file, {})
    except NotFoundError:
        return None
    return found.value if found.kind == "file" else None
