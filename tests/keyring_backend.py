"""A backend of the real `keyring`, which keeps its entries in a file that a test can read.

TEST_KEYRING names the file; what stands in TEST_KEYRING_IS (locked, forgetful) is how it behaves.
PYTHON_KEYRING_BACKEND=keyring_backend.Filed has a process use it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Filed(KeyringBackend):
    priority = 1

    def _entries(self) -> dict[str, str]:
        if os.environ.get("TEST_KEYRING_IS") == "locked":
            raise KeyringLocked("Failed to unlock")
        path = Path(os.environ["TEST_KEYRING"])
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _write(self, entries: dict[str, str]) -> None:
        if os.environ.get("TEST_KEYRING_IS") != "forgetful":
            Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}: {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._entries(), f"{service}: {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        if entries.pop(f"{service}: {username}", None) is None:
            raise PasswordDeleteError("It is not there")
        self._write(entries)
