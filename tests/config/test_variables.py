"""`${NAME}` and `${NAME:-default}` inside strings."""

from __future__ import annotations

import pytest

from freerouter.config import variables

VALUES = {"HOST": "example.com", "PORT": "8000", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("${HOST}", "example.com"),
        ("http://${HOST}:${PORT}/v1", "http://example.com:8000/v1"),
        ("${MISSING:-localhost}", "localhost"),
        ("${MISSING:-}", ""),
        ("${MISSING:-http://localhost:11434}", "http://localhost:11434"),
        ("${HOST:-unused}", "example.com"),
        ("${EMPTY:-default}", "default"),
        ("$HOST and ${not a name}", "$HOST and ${not a name}"),
    ],
)
def test_references_become_their_values(text: str, expanded: str) -> None:
    assert variables.expand(text, lambda name: VALUES.get(name) or None) == expanded


def test_a_variable_without_value_and_default_is_named() -> None:
    with pytest.raises(variables.UnsetVariable) as caught:
        variables.expand("http://${HOST}/${MISSING}", VALUES.get)
    assert caught.value.args == ("MISSING",)


def test_names_are_listed_in_their_order() -> None:
    assert variables.names("${B}-${A:-x}-${B}") == ["B", "A", "B"]


@pytest.mark.parametrize(
    ("text", "name"),
    [(" ${KEY} ", "KEY"), ("${KEY:-x}", None), ("sk-${KEY}", None), ("KEY", None), ("", None)],
)
def test_only_one_plain_reference_is_a_whole_one(text: str, name: str | None) -> None:
    assert variables.whole(text) == name
