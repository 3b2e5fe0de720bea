"""Marks of what differs from run to run: never seen, and found again by a recording."""

from __future__ import annotations

import pytest

from freerouter.errors import FreeRouterError
from freerouter.frontends.text import Painter
from freerouter.result import Fields, Line, Table
from freerouter.volatile import Part, parts, plain, volatile, volatile_url


def test_a_text_falls_into_its_parts() -> None:
    text = f"Ready in {volatile('duration', '2.9 s')}: port {volatile('port', 4000)}."
    assert plain(text) == "Ready in 2.9 s: port 4000."
    assert parts(text) == [
        Part("Ready in "),
        Part("2.9 s", "duration"),
        Part(": port "),
        Part("4000", "port"),
        Part("."),
    ]
    assert parts("") == []
    assert parts("as it is") == [Part("as it is")]


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://127.0.0.1:4000/v1", "4000"),
        ("http://[::1]:4000", "4000"),
        ("http://localhost", ""),
        ("http://localhost/v1:2", ""),
    ],
)
def test_the_port_of_an_address_is_marked(url: str, port: str) -> None:
    marked = volatile_url(url)
    assert plain(marked) == url
    assert [p.text for p in parts(marked) if p.kind] == ([port] if port else [])


def test_nothing_that_is_shown_has_a_mark() -> None:
    pid = volatile("int", 42)
    painter = Painter(str, 40)
    error = FreeRouterError(f"process {pid}", f"why {pid}", f"fix {pid}")
    table = Table(("PID", "NAME"), ((pid, "a"), (volatile("int", 7), "b")))
    shown = [
        painter.block(Line(f"process {pid}", "ok")),
        painter.block(Fields((("pid", pid), ("name", "x")))),
        painter.block(table),
        painter.error(error),
        painter.json({"text": f"process {pid}"}),
        str(error),
        str(error.as_data()),
    ]
    assert not [text for text in shown if "\ue0f0" in text or "\\ue0f0" in text]
    assert painter.block(table) == "PID  NAME\n42   a\n7    b\n"
