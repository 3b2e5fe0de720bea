"""A chat through the gateway, streamed: its pieces as they come, and what it took."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, final

from freerouter.process.probe import reachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPConnection, HTTPResponse

    from freerouter.process.record import GatewayRecord

OK = 200
PATH = "/v1/chat/completions"
LONGEST_ERROR = 64 * 1024
NOT_ONE = "it came not in the form of a chat completion"


class NoAnswerError(Exception):
    """There is no answer, or no whole one. `status` is HTTP's, 0 where none came.

    `kind`: "" (it was refused, as status and message say), gone (nobody listens), timeout, cut.
    `begun`: pieces of an answer came before.
    """

    def __init__(
        self, kind: str, message: str, status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.begun = False


@final
class Chat:
    """One question with its answer, as a context: leaving it closes the connection.

    `timeout`: seconds until the answer begins, and between two pieces of it.
    """

    def __init__(self, record: GatewayRecord, key: str, timeout: float) -> None:
        self.headers: Mapping[str, str] = {}
        """Of the answer, their names in small letters."""
        self.usage: Mapping[str, Any] = {}
        self.finish = ""
        """Why it ended, in OpenAI's words."""
        self.first: float | None = None
        """Seconds until the first piece."""
        self.seconds = 0.0
        self._record = record
        self._key = key
        self._timeout = timeout
        self._connection: HTTPConnection | None = None

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._connection:
            self._connection.close()

    def ask(self, model: str, messages: list[dict[str, str]]) -> Iterator[str]:
        """The pieces of the answer. Raises NoAnswerError."""
        from http.client import HTTPException

        began = time.monotonic()
        try:
            for piece in self._pieces(model, messages):
                if self.first is None:
                    self.first = time.monotonic() - began
                yield piece
        except NoAnswerError as error:
            error.begun = self.first is not None
            raise
        except ConnectionRefusedError:
            raise NoAnswerError("gone", "nobody listens there") from None
        except TimeoutError:
            raise self._broken("timeout", f"nothing came for {self._timeout:g} s") from None
        except (OSError, HTTPException) as error:
            raise self._broken("cut", str(error) or type(error).__name__) from None
        finally:
            self.seconds = time.monotonic() - began

    def _broken(self, kind: str, message: str) -> NoAnswerError:
        error = NoAnswerError(kind, message)
        error.begun = self.first is not None
        return error

    def _pieces(self, model: str, messages: list[dict[str, str]]) -> Iterator[str]:
        answer = self._post(
            {
                "model": model,
                "messages": messages,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        )
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status != OK:
            raise _refused(answer.status, answer.read(LONGEST_ERROR), self.headers)
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            yield self._whole(answer.read())
            return
        ended = False
        for event in _events(answer):
            if event == "[DONE]":
                ended = True
                break
            yield from self._piece(event)
        if not (ended or self.finish):
            raise self._broken("cut", "the stream ended in the middle")

    def _post(self, body: dict[str, Any]) -> HTTPResponse:
        from http.client import HTTPConnection

        host, port = reachable(self._record.host), self._record.port
        self._connection = HTTPConnection(host, port, timeout=self._timeout)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        self._connection.request("POST", PATH, json.dumps(body), headers)
        return self._connection.getresponse()

    def _piece(self, event: str) -> Iterator[str]:
        try:
            data = json.loads(event)
            if "error" in data:
                raise _refused(0, event.encode(), self.headers)
            self.usage = data.get("usage") or self.usage
            for choice in data.get("choices") or ():
                self.finish = choice.get("finish_reason") or self.finish
                text = (choice.get("delta") or {}).get("content")
                if text:
                    yield str(text)
        except (ValueError, TypeError, AttributeError):
            raise NoAnswerError("", NOT_ONE, OK) from None

    def _whole(self, raw: bytes) -> str:
        try:
            data = json.loads(raw)
            choice = data["choices"][0]
            self.usage, self.finish = data.get("usage") or {}, choice.get("finish_reason") or "stop"
            return str(choice["message"]["content"] or "")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise NoAnswerError("", NOT_ONE, OK) from None


def _events(answer: HTTPResponse) -> Iterator[str]:
    """What stands behind `data:` in a stream of server-sent events."""
    while line := answer.readline():
        if line.startswith(b"data:"):
            yield line[5:].decode("utf-8", "replace").strip()


def _refused(status: int, raw: bytes, headers: Mapping[str, str]) -> NoAnswerError:
    """What an error says. Within a stream the status stands in the error itself."""
    try:
        error = json.loads(raw)["error"]
        message, code = str(error["message"]), str(error.get("code") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        message, code = NOT_ONE, ""
    if not status:
        status = int(code) if code.isdecimal() else 0
    after = headers.get("retry-after") or headers.get("llm_provider-retry-after") or ""
    seconds = float(after) if after.replace(".", "", 1).isdecimal() else None
    return NoAnswerError("" if status else "cut", message, status, seconds)
