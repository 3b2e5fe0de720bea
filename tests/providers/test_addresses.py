"""Addresses as people copy them, and the base URLs that they may mean."""

from __future__ import annotations

import pytest

from freerouter.errors import UsageError
from freerouter.providers.addresses import as_given, forms_of

HOST = "https://h.example"


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        (HOST, ["/v1", "", "/api/v1", "/openai/v1"]),
        (f" {HOST}/ ", ["/v1", "", "/api/v1", "/openai/v1"]),
        (f"{HOST}/v1", ["/v1", "", "/api/v1", "/openai/v1"]),
        (f"{HOST}/v1/", ["/v1", "", "/api/v1", "/openai/v1"]),
        (f"{HOST}/v1/chat/completions?x=1#y", ["/v1", "", "/api/v1", "/openai/v1"]),
        (f"{HOST}/chat/completions/", ["/v1", "", "/api/v1", "/openai/v1"]),
        (f"{HOST}/api/v4", ["/api/v4", "/api/v1", "/api", "/api/api/v1", "/api/openai/v1"]),
        (f"{HOST}/x", ["/x/v1", "/x", "/x/api/v1", "/x/openai/v1"]),
    ],
)
def test_the_likeliest_form_comes_first(text: str, forms: list[str]) -> None:
    found = [form.removeprefix(HOST) for form in forms_of(text)]
    assert found[: len(forms)] == forms


def test_what_was_given_is_a_form_too() -> None:
    assert forms_of(f"{HOST}/models")[-1] == f"{HOST}/models"


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1/v1/models", "http://127.0.0.1/v1"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("0.0.0.0:8000", "http://0.0.0.0:8000"),
        ("192.168.1.7:1234", "http://192.168.1.7:1234"),
        ("mybox:5000", "http://mybox:5000"),
        ("box.local/v1", "http://box.local/v1"),
        ("api.example.com/v1/", "https://api.example.com/v1"),
        ("me:secret@api.example.com", "https://me:secret@api.example.com"),
        ("8.8.8.8", "https://8.8.8.8"),
        ("HTTP://X/v1/completions", "HTTP://X/v1"),
    ],
)
def test_a_scheme_is_found_where_there_is_none(text: str, base: str) -> None:
    assert as_given(text) == base


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "http://", "http://x:99999/v1", "http://[x", "two words", "::1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a web address"):
        forms_of(text)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        forms_of("http://me:canary@x:99999")
    assert "canary" not in str(caught.value)
