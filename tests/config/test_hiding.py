"""Texts without their secrets, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.commands.init import TEMPLATE
from freerouter.config.hiding import (
    as_bytes,
    as_text,
    hide,
    mark_of,
    reveal,
    secrets_in,
    secrets_of,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("api_key: abcdef123", {"abcdef123"}),
        ("  - api_key: 'abc#def'  # mine", {"abc#def"}),
        ('{api_key: "abc,def"}', {"abc,def"}),
        ("keys: [one-key, 'two-key', '${THREE}']", {"one-key", "two-key"}),
        ("keys:\n  - one-key\n  - ${TWO}\n", {"one-key"}),
        ("extra_headers: {Authorization: Bearer abc}", {"Bearer abc"}),
        ("api_key: >-\n  folded-key\n", {"folded-key"}),
        ("api_base: https://me:password@lab/v1", {"password"}),
        ("# old: sk-abcdefghijklmnopqrstuv", {"sk-abcdefghijklmnopqrstuv"}),
        ("#api_key: abcdef123\n", {"abcdef123"}),
        ("aws_secret_access_key: abcdef123", {"abcdef123"}),
    ],
)
def test_what_stands_in_clear_is_found(text: str, found: set[str]) -> None:
    assert secrets_of(text.encode()) == found


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE,
        "api_key: ${KEY}",
        "api_key: ${KEY:-default}",
        "api_key: os.environ/OPENROUTER_API_KEY",
        "api_key: not-needed",
        "api_key: dummy",
        "api_key: hidden-012abc",
        "max_tokens: 4000000",
        "input_cost_per_token: 1.0e-06",
        "# with one key: whatever",
        "keys: true",
        "select:\n  my-key: [some/model-name]\n",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert secrets_of(text.encode()) == set()


def test_a_broken_file_is_searched_line_by_line() -> None:
    assert secrets_in("providers: [\n  api_key: abcdef123\r\n") == {"abcdef123"}


def test_a_secret_comes_back_in_its_place_and_a_lost_one_is_told_by_its_line() -> None:
    text = "a: first-secret\nb: second-secret\nc: first-secret\n"
    hidden = hide(text, ["first-secret", "second-secret"])
    assert "secret" not in hidden
    assert reveal(hidden, ["first-secret", "second-secret"]) == (text, [])
    assert reveal(hidden, ["first-secret"]) == (
        text.replace("second-secret", mark_of("second-secret")),
        [2],
    )


def test_a_secret_that_is_part_of_another_does_not_show_the_rest_of_it() -> None:
    assert hide("x: secret-and-more", ["secret", "secret-and-more"]) == (
        f"x: {mark_of('secret-and-more')}"
    )


def test_hiding_what_is_hidden_changes_nothing() -> None:
    hidden = hide("api_key: abcdef123\n", ["abcdef123"])
    assert hide(hidden, secrets_of(hidden.encode())) == hidden


@given(st.text(), st.lists(st.text("xyz-", min_size=6), max_size=4))
def test_what_is_hidden_comes_back_whole(text: str, secrets: list[str]) -> None:
    whole = text + "".join(secrets)
    hidden = hide(whole, secrets)
    assert not any(secret in hidden for secret in secrets)
    assert reveal(hidden, secrets)[0] == whole


@given(st.binary())
def test_any_bytes_come_back(raw: bytes) -> None:
    text = as_text(raw)
    if not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert as_bytes(text, raw) == raw
    assert as_text(as_bytes(text, raw)) == text
