"""A provider's chat over a bare socket, far faster than any gateway, for load tests.

Started as a process of its own: `python upstream.py PORT`. A stream takes `words * pause` seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def plain() -> bytes:
    message = {"role": "assistant", "content": "hello"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({**_head("chat.completion"), "choices": [choice], "usage": USAGE}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "fake"}


def event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return chunk(json.dumps({**_head("chat.completion.chunk"), "choices": [choice]}))


def chunk(text: str) -> bytes:
    data = f"data: {text}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = event({}, "stop") + chunk("[DONE]") + b"0\r\n\r\n"
PLAIN = plain()


class Upstream:
    def __init__(self, words: int, pause: float) -> None:
        self._words = words
        self._pause = pause

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                body = json.loads(await reader.readexactly(length))
                if body.get("stream"):
                    await self._stream(writer)
                else:
                    writer.write(PLAIN)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, StopIteration):
            return
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        for number in range(self._words):
            writer.write(event({"content": f"word{number} "}))
            await writer.drain()
            await asyncio.sleep(self._pause)
        writer.write(END)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--words", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.0)
    given = parser.parse_args()
    talk = Upstream(given.words, given.pause).talk
    server = await asyncio.start_server(talk, "127.0.0.1", given.port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
