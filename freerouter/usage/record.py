"""What is kept of one request of a client. Where it goes, and where it comes from, is elsewhere."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

CLIENT_GONE = 499
"""The status of a request whose client hung up before it was answered whole."""


class RequestRecord(NamedTuple):
    """Times in seconds, cost in USD; None is what nobody told. No prompt and no answer.

    `alias` is the model that the client asked for, `model` the one that answered at `provider`;
    `dialect` is chat, text, messages, count_tokens, responses, embeddings or a path. `request` and
    `response` are the bodies, "" unless they were to be recorded.
    """

    time: str
    """ISO 8601, UTC, of the beginning."""
    alias: str = ""
    provider: str = ""
    model: str = ""
    status: int = 0
    error: str = ""
    """The class of what went wrong: "" where nothing did."""
    message: str = ""
    latency: float = 0.0
    first_token: float | None = None
    """Until the first piece of a stream."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    stream: bool = False
    dialect: str = ""
    retries: int = 0
    fallbacks: int = 0
    client: str = ""
    call_id: str = ""
    request: str = ""
    response: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error) or self.status >= 400  # noqa: PLR2004 - HTTP's own number

    def as_data(self) -> dict[str, Any]:
        """For JSON; bodies only where there are some."""
        data = self._asdict()
        for body in ("request", "response"):
            if not data[body]:
                del data[body]
        return data


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_line(record: RequestRecord) -> str:
    return _encode(record.as_data())


def from_line(line: str) -> RequestRecord | None:
    """None for a line that is no record: cut short by a crash, or of another version."""
    try:
        data = json.loads(line)
        known = {name: data[name] for name in RequestRecord._fields if name in data}
        datetime.fromisoformat(known["time"])
        return RequestRecord(**known)
    except (ValueError, TypeError, KeyError):
        return None
