"""The system's keyring, through the `keyring` package where that is installed.

Whatever a backend raises is told as the keyring's: they come from many hands.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from freerouter.errors import FreeRouterError, NotConfiguredError

SERVICE = "freerouter"
INSTALL = "`pip install 'freerouter[keyring]'` installs it, or `--store env` keeps keys in .env."
UNLOCK = "Unlock it and try again, or `keys set PROVIDER --store env` keeps the key in .env."


class KeyringError(FreeRouterError):
    """The keyring is not there, or does not open."""


def stored(name: str) -> str | None:
    """The secret of that name, None where there is none, no keyring, or none that opens."""
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


def entry_of(root: str, name: str) -> str:
    """What a workspace's key is called there: two workspaces may have keys of one name."""
    return f"{name} {root}"


def read(root: str, name: str) -> str:
    """The key. Raises where the keyring does not open, or does not have it."""
    found = _do("get_password", name, entry_of(root, name))
    if not found:
        raise KeyringError(
            f"{name} is not in the system's keyring any more.",
            "It was put there by `keys set --store keyring`.",
            _again(name),
        )
    return str(found)


def write(root: str, name: str, value: str) -> None:
    """Store the key, and see that it is there: some backends keep nothing and say nothing."""
    _do("set_password", name, entry_of(root, name), value)
    if _do("get_password", name, entry_of(root, name)) != value:
        raise KeyringError(
            "The system's keyring did not keep the key.",
            f"Its backend is {_backend()}.",
            "`--store env` keeps it in .env.",
        )


def delete(root: str, name: str) -> None:
    """Take the key out; one that is not there is as good as taken out."""
    if _do("get_password", name, entry_of(root, name)):
        _do("delete_password", name, entry_of(root, name))


def _again(name: str) -> str:
    if name == "LITELLM_MASTER_KEY":
        return "`keys rotate master` makes a new one."
    return "`keys set PROVIDER` stores it again; `keys list` names the provider."


def _module(name: str) -> Any:
    try:
        return import_module("keyring")
    except ImportError:
        raise NotConfiguredError(
            "The package `keyring` is not installed.", f"{name} is kept there.", INSTALL
        ) from None


def _do(what: str, name: str, *words: str) -> Any:
    module = _module(name)
    try:
        return getattr(module, what)(SERVICE, *words)
    except Exception as error:  # noqa: BLE001 - what is not ours may raise anything
        kind = type(error).__name__
        if kind == "NoKeyringError":
            raise KeyringError(
                "This system has no keyring that can be used.", f"For {name}.", NONE
            ) from None
        # Its words may repeat what it was given.
        raise KeyringError(
            f"The system's keyring does not open ({kind}).", f"{name} is kept there.", UNLOCK
        ) from None


NONE = (
    "`--store env` keeps keys in .env. PYTHON_KEYRING_BACKEND names a backend, "
    "`python -m keyring diagnose` tells more."
)


def _backend() -> str:
    found = import_module("keyring").get_keyring()
    return f"{type(found).__module__}.{type(found).__name__}"
