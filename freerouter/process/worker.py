"""The process that serves: LiteLLM's app on the gateway's socket, warm before it accepts anything.

Forked off the supervisor, or started as `python -m freerouter.process.worker` where there is no
fork. It tells the supervisor over its channel when it is ready and, every second, how it is; when
the supervisor is gone, it finishes what it has begun and goes too.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import socket
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from freerouter.config.budgets_file import read_limit
from freerouter.process import patches
from freerouter.process.control import Channel
from freerouter.process.output import hide_secrets, keep_open, say
from freerouter.process.patches import late
from freerouter.process.scribe import Scribe, can_be
from freerouter.process.server_options import server_options
from freerouter.usage.books import Books
from freerouter.usage.budgets import Budgets
from freerouter.usage.ledger import Ledger
from freerouter.usage.quotas import Quotas
from freerouter.usage.recorder import install, is_on
from freerouter.usage.scrape import serve_metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    import uvicorn

    from freerouter.redact import Redactor
    from freerouter.usage.books import Keeper
    from freerouter.usage.recorder import Recorder

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

BEAT = 1
LINGER = 5.0
"""Seconds without any request after which idle connections of a draining worker are closed."""
ORPHANED = 600.0
"""Seconds that requests may take once the supervisor is gone."""
NO_MODEL = "freerouter-warm-up"
ONE_MODEL = ("GET", f"/v1/models/{NO_MODEL}", b"")
LIST = ("GET", "/v1/models", b"")
CHAT = ("POST", "/v1/chat/completions", b'{"model":"freerouter-warm-up","messages":[]}')
"""What a worker asks itself before it counts as ready. No provider hears of it: there is no such
model.
"""
MESSAGES = [{"role": "user", "content": "Hello"}]
UNTOLD = {"num_retries": 0, "no-log": True}


def import_engine(version: str) -> bool:
    """Import LiteLLM, patched where it is the version that our patches are for; without garbage
    collection, since nothing of what is imported is ever garbage.
    """
    patched = patches.wanted(version)
    gc.disable()
    if patched:
        patches.before_import()
    import litellm
    import uvicorn  # noqa: F401 - imported here once, for all workers that are forked
    from litellm.proxy.proxy_server import app  # noqa: F401

    # Or a Llama's first request waits for huggingface.co, whatever can be reached from here.
    litellm.disable_hf_tokenizer_download = True
    if patched:
        patches.after_import()
    gc.freeze()
    return patched


def import_more(names: Iterable[str]) -> None:
    """Import what a worker had to import at its first requests, for those that are forked later.

    Only out of packages that are imported already: a user's own callbacks are each worker's affair.
    """
    packages = {name.partition(".")[0] for name in sys.modules}
    for name in names:
        if name.partition(".")[0] in packages:
            with contextlib.suppress(Exception):  # whatever a module does when it is imported
                late.execute(import_module(name))
    gc.freeze()


def imported() -> set[str]:
    """The names of the modules that are there and were executed."""
    return set(sys.modules) - late.waiting


def serve(job: dict[str, Any], listener: socket.socket, channel: Channel) -> None:
    """Serve the job's configuration on the socket, until told to go."""
    import uvicorn
    from litellm.proxy.proxy_server import app

    os.environ.clear()
    os.environ.update(job["environ"], CONFIG_FILE_PATH=job["path"])
    sys.path.append(job["beside"])
    redact = hide_secrets(job)
    faulthandler.enable()
    gc.enable()
    keeper = _keeper(job, redact, [listener, channel.connection])
    budgets = Budgets(
        [read_limit(*one) for one in job["budgets"]],
        job["providers"],
        job["usage"],
        say,
        recorded=is_on(),
    )
    quotas = Quotas(job["quota"], say)
    recorder = install(keeper, redact, quotas, budgets)
    if job["metrics_port"]:
        serve_metrics(job["usage"], job["metrics_port"], say)
    front = Front(app, job, listener)
    config = uvicorn.Config(
        front,
        log_config=log_settings(debug=job["debug"]),
        timeout_notify=BEAT,
        **server_options(debug=job["debug"]),
    )
    server = uvicorn.Server(config)
    attendant = Attendant(server, front, channel, recorder, budgets.look)
    config.callback_notify = attendant.beat
    server.run(sockets=[listener])


def _keeper(job: dict[str, Any], redact: Redactor, serving: Iterable[socket.socket]) -> Keeper:
    """While this process has no thread yet."""

    def begin() -> Books:
        return Books(job["requests"], redact, Ledger(job["usage"], say, job["keep_days"]))

    if job["fork"] and can_be() and is_on():
        with contextlib.suppress(OSError):  # too many processes, or open files
            return Scribe(begin, lambda: keep_open(job["log"]), serving)
    return begin()


class Front:
    """LiteLLM's app as it is served: warmed up before it counts as started, and telling clients of
    a draining worker to come back over another connection.
    """

    def __init__(self, app: App, job: dict[str, Any], listener: socket.socket) -> None:
        self._app = app
        self._key = job["environ"]["LITELLM_MASTER_KEY"]
        self.log: str = job["log"]
        self.first: bool = job["first"]
        self.listener = listener
        self.draining = False
        self.in_flight = 0
        self.told = 0
        """How many were in flight when the supervisor was told last."""
        self.when_idle: Callable[[], None] | None = None
        self.last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._when_warm(send))
            return
        self.in_flight += 1
        try:
            await self._app(scope, receive, self._closing(send) if self.draining else send)
        finally:
            self.in_flight -= 1
            self.last = time.monotonic()
            if self.told and not self.in_flight and self.when_idle:
                self.when_idle()

    def _when_warm(self, send: Send) -> Send:
        async def told(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                logging.getLogger("LiteLLM Proxy").addFilter(_not_ours)
                await self.warm_up(*ONE_MODEL)
                if not self.first:
                    await self.warm_up(*LIST)
                    await self.warm_up_for_chat()
            await send(message)

        return told

    async def warm_up_for_chat(self) -> None:
        """The way in with a request for no model, the way out with an answer that LiteLLM makes up
        in the name of the first one: neither leaves the process, and no callback is told.
        """
        from litellm.proxy.proxy_server import llm_router
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        await self.warm_up(*CHAT)
        for answer in (ChatCompletion, ChatCompletionChunk):
            answer.model_rebuild()
        rows = llm_router.model_list if llm_router else ()
        chats = (r["model_name"] for r in rows if r["model_info"].get("mode") in (None, "chat"))
        name = next((name for name in chats if "*" not in name), None)
        if name:
            with contextlib.suppress(Exception):  # a client's first request then pays for it
                await llm_router.acompletion(name, MESSAGES, mock_response="Hello.", **UNTOLD)

    async def warm_up(self, method: str, path: str, body: bytes) -> None:
        """One request that never leaves the process: what is built at the first one is built."""
        headers = [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {self._key}".encode()),
            (b"content-type", b"application/json"),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }

        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()  # a client that stays on the line
            return waiting.pop()

        async def ignore(_message: dict[str, Any]) -> None:
            return

        await self._app(scope, receive, ignore)

    @staticmethod
    def _closing(send: Send) -> Send:
        async def closed(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", []) if pair[0] != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        return closed


def _not_ours(record: logging.LogRecord) -> bool:
    return NO_MODEL not in record.getMessage()


class Attendant:
    """Keeps the worker's side of its conversation with the supervisor."""

    def __init__(
        self,
        server: uvicorn.Server,
        front: Front,
        channel: Channel,
        recorder: Recorder,
        look: Callable[[], None],
    ) -> None:
        self._server = server
        self._front = front
        self._channel = channel
        self._recorder = recorder
        self._look = look
        self._known = imported()
        front.when_idle = self._tell
        self._linger = True
        self._ready = False
        self._task: asyncio.Task[None] | None = None

    async def beat(self) -> None:
        """Uvicorn calls this once it takes connections, and every second from then on."""
        if not self._ready:
            self._ready = True
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._listen, args=(loop,), daemon=True).start()
            self._channel.send({"ready": True, "facts": self._facts()})
            if self._front.first:
                # At a start nobody else serves: what can wait is done once there is an answer.
                self._task = loop.create_task(self._front.warm_up_for_chat())
            return
        keep_open(self._front.log)
        self._look()
        message: dict[str, Any] = {"facts": self._facts()}
        if len(now := imported()) > len(self._known):
            message["imported"] = sorted(now - self._known)
            self._known |= now
        self._channel.send(message, wait=False)

    def _facts(self) -> dict[str, Any]:
        self._front.told = self._front.in_flight
        return {**self._recorder.snapshot(), "in_flight": self._front.in_flight}

    def _tell(self) -> None:
        """What was told is no longer so: nothing is in flight."""
        self._channel.send({"facts": self._facts()}, wait=False)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own: also a loop that hangs must not outlive its supervisor."""
        while not self._channel.closed:
            for message in self._channel.receive():
                if message.get("do") == "drain":
                    linger = bool(message.get("linger", True))
                    loop.call_soon_threadsafe(self._drain, loop, linger)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._drain, loop, True)
        time.sleep(ORPHANED)
        os._exit(1)

    def _drain(self, loop: asyncio.AbstractEventLoop, linger: bool) -> None:
        self._linger = linger
        if self._front.draining:
            return
        self._front.draining = True
        self._front.last = time.monotonic()
        for server in self._server.servers:
            server.close()
        loop.call_soon(self._front.listener.close)
        self._task = loop.create_task(self._finish())

    async def _finish(self) -> None:
        """Until nothing is in flight; and, lingering, until idle connections are idle for long."""
        while self._front.in_flight or self._idles():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.05)
        self._server.should_exit = True

    def _idles(self) -> bool:
        if not (self._linger and self._server.server_state.connections):
            return False
        return time.monotonic() - self._front.last < LINGER


def log_settings(*, debug: bool) -> dict[str, Any]:
    """Uvicorn's logging, with the time in front of every line."""
    style = {"format": "%(asctime)s %(levelname)s %(message)s"}
    level = "DEBUG" if debug else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": style},
        "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["err"], "level": level, "propagate": False}
            for name in ("uvicorn", "uvicorn.error", "uvicorn.access")
        },
    }


def main(arguments: list[str]) -> None:
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    channel = Channel(socket.socket(fileno=int(options["--channel"])))
    jobs: list[dict[str, Any]] = []
    while not jobs and not channel.closed:
        jobs = channel.receive()
    if not jobs:
        return
    hide_secrets(jobs[0])
    import_engine(options["--engine"])
    serve(jobs[0], socket.socket(fileno=int(options["--fd"])), channel)


if __name__ == "__main__":
    main(sys.argv[1:])
