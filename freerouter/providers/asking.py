"""One provider's answers, page after page: asked again where a failure may pass, and kept.

A server that gives validators is asked whether its list is still the same; one that says for how
long its list holds is not asked again before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers.http import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from freerouter.providers.account import Account
    from freerouter.providers.kept import Kept

TRIES = 3
FIRST_PAUSE = 0.2
"""Seconds before the second try; before each one after that it is twice as long."""


class Asker(NamedTuple):
    """How an account is asked: `until` is a reading of the monotonic clock."""

    client: httpx.Client
    account: Account
    until: float
    kept: Kept | None = None
    sleep: Callable[[float], None] = time.sleep

    def get(self, url: str) -> Any:
        """The JSON behind a URL. Raises ProviderError."""
        old = self.kept.answer(self.account, url) if self.kept else None
        if self.kept and old and self.kept.holds(old):
            return old.data
        headers = self.account.headers(url)
        if old and old.etag:
            headers["If-None-Match"] = old.etag
        if old and old.modified:
            headers["If-Modified-Since"] = old.modified
        answer = self._patiently(url, headers)
        if answer.unchanged and old:
            answer = old._replace(max_age=answer.max_age)
        if self.kept:
            self.kept.put(self.account, url, answer)
        return answer.data

    def post(self, url: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a question, asked once. Raises ProviderError."""
        label, headers = self.account.label, self.account.headers(url)
        return ask(self.client, label, url, headers, body=body).data

    def _patiently(self, url: str, headers: dict[str, str]) -> Answer:
        account, pause = self.account, FIRST_PAUSE
        for number in range(TRIES):
            try:
                return ask(
                    self.client,
                    account.label,
                    url,
                    headers,
                    key_help=account.provider.key_help(),
                    rules=account.provider.verdicts,
                )
            except ProviderError as error:
                if error.retry is None or number == TRIES - 1:
                    raise
                wait = max(error.retry, pause)
                if time.monotonic() + wait >= self.until:
                    raise
                self.sleep(wait)
                pause *= 2
        raise AssertionError
