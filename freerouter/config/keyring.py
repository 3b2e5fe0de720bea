"""The system's keyring, through the `keyring` package where that is installed."""

from __future__ import annotations

SERVICE = "freerouter"


def stored(name: str) -> str | None:
    """The secret of that name, None where there is none, no keyring, or none that opens."""
    from importlib import import_module

    try:
        keyring = import_module("keyring")
        errors = import_module("keyring.errors")
    except ImportError:
        return None
    try:
        found = keyring.get_password(SERVICE, name)
    except (errors.KeyringError, RuntimeError):
        return None
    return str(found) if found else None
