from __future__ import annotations

import pytest

from freerouter.errors import UsageError
from freerouter.wizard.conditions import parse_condition

SCOPE = {
    "providers": ["groq", "demo"],
    "start": True,
    "fetch": False,
    "port": 4000,
    "p": {"id": "groq", "key": "required", "note": ""},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("start", True),
        ("not start", False),
        ("fetch or start", True),
        ("fetch and start", False),
        ("not fetch and start", True),
        ("p.id == 'groq'", True),
        ("p.id != 'groq'", False),
        ('p.id == "demo"', False),
        ("p.id in providers", True),
        ("'nope' in providers", False),
        ("p.id not in providers", False),
        ("p.id is set", True),
        ("p.note is set", False),
        ("p.note is not set", True),
        ("nothing is set", False),
        ("nothing.at.all is set", False),
        ("'x' in nothing", False),
        ("port == 4000", True),
        ("start == true", True),
        ("fetch == false", True),
        ("(fetch or start) and p.key == 'required'", True),
        ("fetch or start and fetch", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert parse_condition(text).holds(SCOPE) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start and", "it ends too early"),
        ("start =! x", 'at "=! x"'),
        ("(start", "it ends too early"),
        ("start fetch", '"fetch" is not expected there'),
        ("is set", '"is" is not expected there'),
        ("p.id is groq", '"groq" is not expected there'),
        ("", "it ends too early"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read") as caught:
        parse_condition(text)
    assert said in str(caught.value)


def test_a_condition_tells_which_names_it_reads() -> None:
    assert parse_condition("a.b == 'x' and not c").names == ("a.b", "c")
