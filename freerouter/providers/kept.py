"""Answers that may be used again: one small file a provider, under state/answers.

Only what a server itself allows is kept: an answer with a validator, or with a time for which it
holds. A different key, address or provider never gets an answer that is not its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

from freerouter.config.providers_file import variable_part
from freerouter.config.state import read_state, write_state
from freerouter.providers.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.providers.account import Account

LONGEST = 300.0
"""Seconds after which a provider is asked again, however long it says that its list holds."""


class Kept:
    """`fresh` asks every server, but still lets it say that its list is the same."""

    def __init__(self, directory: str, now: Callable[[], float], *, fresh: bool = False) -> None:
        self._directory = directory
        self._now = now
        self._fresh = fresh
        self._lock = threading.Lock()
        self._files: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()

    def answer(self, account: Account, url: str) -> Answer | None:
        """The answer that this URL gave to this key, if it is there."""
        found = self._file(account).get(_name(account, url))
        if not isinstance(found, dict) or "data" not in found:
            return None
        texts = [found.get("etag"), found.get("modified")]
        etag, modified = [text if isinstance(text, str) else "" for text in texts]
        until = found.get("until")
        return Answer(found["data"], etag, modified, until if isinstance(until, float) else 0.0)

    def holds(self, answer: Answer) -> bool:
        """Whether it may be used unasked. Of an answer of ours, `max_age` is when that ends."""
        return not self._fresh and 0 < answer.max_age - self._now() <= LONGEST

    def put(self, account: Account, url: str, answer: Answer) -> None:
        age = min(answer.max_age, LONGEST)
        file, name = self._file(account), _name(account, url)
        with self._lock:
            if not (answer.etag or answer.modified or age):
                if file.pop(name, None) is None:
                    return
            else:
                file[name] = {
                    "etag": answer.etag,
                    "modified": answer.modified,
                    "until": float(self._now() + age) if age else 0.0,
                    "data": answer.data,
                }
            self._changed.add(account.name)

    def write(self, names: set[str]) -> None:
        """Keep what these providers answered."""
        for name in sorted(self._changed & names):
            os.makedirs(self._directory, exist_ok=True)
            path = self._path(name)
            if self._files[name]:
                write_state(path, self._files[name])
            elif os.path.isfile(path):
                os.unlink(path)

    def _file(self, account: Account) -> dict[str, Any]:
        with self._lock:
            if account.name not in self._files:
                self._files[account.name] = read_state(self._path(account.name)) or {}
            return self._files[account.name]

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, f"{variable_part(name).lower()}.json")


def _name(account: Account, url: str) -> str:
    """Whose answer it is: the key itself cannot be read from it."""
    text = json.dumps([account.provider.id, url, account.key])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
