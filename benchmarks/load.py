"""A client that asks without pause, plainly and in streams, and says what became of each request.

Started by benchmarks/gateway_reload.py as a process of its own, it prints a line of JSON a request:
when it began, its seconds, and what went wrong ("" where nothing did).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from typing import NamedTuple

KEY = "FREEROUTER_LOAD_KEY"
"""The variable that holds the gateway's key."""
PATIENCE = 60.0


class Plan(NamedTuple):
    port: int
    key: str
    kept: int
    fresh: int
    streams: int
    pause: float
    most: int


class Broken(Exception):  # noqa: N818 - what it says is all that is wanted
    """A request that came to no good end."""


class Connection:
    """One connection, opened when it is needed."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, *, stream: bool, keep: bool) -> None:
        """One chat to its end. Raises Broken."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        assert self._reader is not None
        content = {"model": "m1", "stream": stream, "messages": [{"role": "user", "content": "x"}]}
        body = json.dumps(content).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\n"
            f"Authorization: Bearer {self._plan.key}\r\nContent-Type: application/json\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not answer.startswith(b"http/1.1 200"):
            raise Broken(answer.split(b"\r\n")[0].decode())
        await self._body(self._reader, answer, stream=stream)
        if not keep or b"connection: close" in answer:
            await self.close()

    async def _body(self, reader: asyncio.StreamReader, head: bytes, *, stream: bool) -> None:
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        if b"content-length" in lines:
            await reader.readexactly(int(lines[b"content-length"]))
            return
        whole = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            whole = (whole + await reader.readexactly(size + 2))[-64:]
        await reader.readexactly(2)
        if stream and b"[DONE]" not in whole:
            raise Broken("the stream was cut")

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None


async def client(plan: Plan, over: asyncio.Event, *, stream: bool, keep: bool) -> None:
    connection = Connection(plan)
    for _ in range(plan.most):
        if over.is_set():
            return
        began, what = time.time(), ""
        try:
            asked = connection.ask(stream=stream, keep=keep)
            await asyncio.wait_for(asked, PATIENCE)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, Broken) as error:
            what = f"{type(error).__name__}: {error}"
            await connection.close()
        kind = "stream" if stream else "kept" if keep else "fresh"
        print(json.dumps([kind, began, time.time() - began, what]), flush=True)
        await asyncio.sleep(plan.pause)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "kept", "fresh", "streams", "most"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--pause", type=float, default=0.0)
    plan = Plan(key=os.environ[KEY], **vars(parser.parse_args()))
    over = asyncio.Event()
    kinds = ((False, True, plan.kept), (False, False, plan.fresh), (True, True, plan.streams))
    clients = [
        client(plan, over, stream=stream, keep=keep)
        for stream, keep, count in kinds
        for _ in range(count)
    ]
    running = asyncio.gather(*clients)
    # The end of standard input ends it: requests in flight are finished, and no more begun.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    over.set()
    await running


if __name__ == "__main__":
    asyncio.run(main())
