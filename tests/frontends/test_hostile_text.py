"""Names and messages that would command the terminal, hide, turn round, or push columns about."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.errors import ProviderError
from freerouter.frontends.cells import cells, cut, harmless, one_line, padded, wrapped
from freerouter.frontends.columns import Columns
from freerouter.frontends.text import Painter
from freerouter.result import Fields, Line, Table
from freerouter.wizard.messages import Option

HOSTILE = [
    "通义千问-最大/模型",
    "ｆｕｌｌ-width",
    "rocket-🚀🚀-🙂",
    "cafe\u0301/e\u0301\u0302\u0303",
    "evil\u202egnp.exe\u202c",
    "\u2066isolate\u2069d\u200f",
    "zero\u200bwidth\ufeff\u2060",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x9b31mC1\x85next\u2028line\u2029",
    "bell\x07back\x08\x08\rover\x00",
    "tab\there\nand a line",
    "tag\U000e0041\U000e0042",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \u2764\ufe0f",
    "ไทย नमस्ते السلام",
]
WIDTHS = [40, 80, 200]
ANY = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=60)


def unseen(text: str) -> list[str]:
    """What has no place on a screen, but for joiners within a word and our own line ends."""
    joiners = "\u200c\u200d"
    return [
        c for c in text if c not in f"\n{joiners}" and unicodedata.category(c) in ("Cc", "Zl", "Zp")
    ] + [c for c in text if unicodedata.bidirectional(c) in _TURNING]


_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_has_its_columns_where_the_heading_has_them(width: int) -> None:
    table = Table(("MODEL", "PROVIDER"), tuple((name, "lab") for name in HOSTILE))
    head, *rows = Painter(str, width).block(table).splitlines()
    assert len(rows) == len(HOSTILE)
    for row in rows:
        assert cells(row[: row.rindex("lab")]) == head.index("PROVIDER")
        assert cells(row) <= width
        assert unseen(row) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("text", HOSTILE)
def test_fields_lines_and_errors_are_harmless(text: str, width: int) -> None:
    painter = Painter(str, width, colour=False)
    error = ProviderError(f"It said {text}.", text, f"`fetch --provider {text}`")
    shown = [
        painter.block(Fields(((text, text), ("name", "value")))),
        painter.block(Line(text)),
        painter.block(Line(f"{text} " * 20, "warn")),
        painter.piece(text),
        painter.error(error),
    ]
    assert unseen("".join(shown).replace("\t", "")) == []
    names = shown[0].splitlines()[-1]
    assert cells(names[: names.index("value")]) == max(cells(one_line(harmless_name(text))), 4) + 4
    assert all(cells(line) <= width for line in shown[2].splitlines())


def harmless_name(text: str) -> str:
    """As the painter has it: whole escape sequences go first."""
    return Painter(str).piece(text)


@pytest.mark.parametrize("width", [39, 79])
def test_menus_are_aligned_too(width: int) -> None:
    options = [Option(name, name, fields={"FREE": "yes"}) for name in HOSTILE]
    columns = Columns(options)
    place = cells(columns.heading(width).partition("FREE")[0])
    for option in options:
        line = "".join(cell.text for cell in columns.line(option, width))
        assert cells(line[: line.rindex("yes")]) == place
        assert unseen(line) == []


@given(ANY, st.integers(1, 60))
def test_whatever_it_is_it_is_cut_padded_and_wrapped_to_fit(text: str, width: int) -> None:
    line = one_line(text)
    assert unseen(line) == []
    assert cells(cut(line, width)) <= width
    assert cells(padded(cut(line, width), width)) == width
    for part in wrapped(line, max(width, 2)):
        assert part.isascii() or cells(part) <= max(width, 2)
    assert "".join(line.split()) == "".join("".join(wrapped(line, max(width, 2))).split())


@given(ANY)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    once = harmless(text)
    assert harmless(once) == once
    assert unseen(once.replace("\t", "")) == []
    assert [c for c in text if c.isalnum()] == [c for c in once if c.isalnum()]
