"""How two configurations differ, value by value."""

from __future__ import annotations

from typing import Any

import pytest

from freerouter.config.differences import Difference, differences


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ({}, {}, []),
        ({"a": None, "b": {}, "c": []}, {}, []),
        ({"a": 1}, {"a": 1.5}, [Difference("a", 1, 1.5)]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [("a.b", 1, None), ("a.c", None, 1)]),
        (
            {"select": {"x": ["m"]}},
            {"select": {"x": ["m", "n"]}},
            [("select.x", ["m"], ["m", "n"])],
        ),
        ({"a": False}, {}, [("a", False, None)]),
        (
            {"providers": [{"type": "a"}, {"type": "b", "name": "c"}]},
            {"providers": [{"name": "c", "type": "b"}, {"type": "a"}]},
            [],
        ),
        (
            {
                "providers": [
                    {"type": "static", "model_name": "m"},
                    {"type": "static", "model_name": "n"},
                ]
            },
            {"providers": [{"type": "static", "model_name": "m"}]},
            [
                ("providers.static-2.model_name", "n", None),
                ("providers.static-2.type", "static", None),
            ],
        ),
        ({"providers": [7]}, {"providers": []}, [("providers.", 7, None)]),
    ],
)
def test_values_are_compared_by_their_paths(one: Any, other: Any, found: list[Any]) -> None:
    assert differences(one, other) == found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "(hidden)"),
        ("${KEY}", "${KEY}"),
        ("${KEY:-secret}", "(hidden)"),
        (["${A}", "${B}"], ["${A}", "${B}"]),
        (["${A}", "b"], "(hidden)"),
        (7, "(hidden)"),
    ],
)
@pytest.mark.parametrize("name", ["api_key", "keys", "token", "client_secret", "Password"])
def test_what_may_be_a_secret_is_shown_only_where_it_names_a_variable(
    name: str, value: Any, shown: Any
) -> None:
    assert differences({name: value}, {}) == [(name, shown, None)]
