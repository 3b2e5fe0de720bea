"""Every error says what, why and what to do, and has the exit code that the docs promise."""

from __future__ import annotations

import pytest

from freerouter import errors
from freerouter.errors import FreeRouterError, ProviderError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("FreeRouterError", 1),
        ("UsageError", 2),
        ("FileError", 2),
        ("NotConfiguredError", 3),
        ("NotFoundError", 4),
        ("ProviderError", 5),
        ("GatewayStateError", 6),
        ("CancelledError", 130),
    ],
)
def test_each_kind_has_its_exit_code(kind: str, code: int) -> None:
    error: FreeRouterError = getattr(errors, kind)("What.")
    assert isinstance(error, FreeRouterError)
    assert error.exit_code == code
    assert error.as_data()["exit_code"] == code


def test_an_error_reads_as_its_parts_in_order_without_gaps() -> None:
    assert str(FreeRouterError("It broke.", "Rust.", "Oil it.")) == "It broke. Rust. Oil it."
    assert str(FreeRouterError("It broke.", fix="Oil it.")) == "It broke. Oil it."


def test_an_error_as_data_has_every_part() -> None:
    assert errors.NotFoundError("No x.", "Why.", "Fix.").as_data() == {
        "what": "No x.",
        "why": "Why.",
        "fix": "Fix.",
        "kind": "NotFoundError",
        "exit_code": 4,
    }


def test_a_failing_provider_says_nothing_about_the_key_unless_told() -> None:
    assert ProviderError("Down.").state == "unknown"
    assert ProviderError("No.", state="refused").state == "refused"


def test_a_cancelled_command_needs_no_words() -> None:
    assert str(errors.CancelledError()) == "Cancelled."
