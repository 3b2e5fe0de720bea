"""For recorder_overhead.py alone, on the PYTHONPATH of its gateways: SIGUSR2 turns recording and
quotas off in a worker that serves, and on again. What is there then is what is there from the
start with FREEROUTER_RECORDER=off: LiteLLM's own functions in place of those around them.

`~/switch` says what is wanted, `on` or `off`; what is the case is written beside it.
"""

from __future__ import annotations

import inspect
import os
import signal
import types
from functools import cache
from pathlib import Path
from typing import Any

SWITCH = Path.home() / "switch"


class States:
    """Both states, as the worker was found and without what was put around."""

    def __init__(self) -> None:
        import httpx
        import litellm
        from litellm.proxy.proxy_server import app
        from litellm.router import Router

        from freerouter.usage.doors import DOORS
        from freerouter.usage.recorder import Layer

        self._app = app
        self._functions = [
            (Router, "make_call", _inside(Router.make_call, "make")),
            (Router, "_update_kwargs_with_deployment",
             _inside(Router._update_kwargs_with_deployment, "choose")),  # noqa: SLF001
            (httpx.AsyncClient, "send", _inside(httpx.AsyncClient.send, "send")),
            (httpx.Client, "send", _inside(httpx.Client.send, "send")),
        ]  # fmt: skip
        self._around = [getattr(owner, name) for owner, name, _ in self._functions]
        told = litellm._async_success_callback, litellm._async_failure_callback  # noqa: SLF001
        lists = [(one, [*one], [_bare(callback) for callback in one]) for one in told]
        self._lists = [*lists, (DOORS, [*DOORS], [])]
        with_layer, layers = app.middleware_stack, app.user_middleware
        app.user_middleware = [one for one in layers if one.cls is not Layer]
        without = app.build_middleware_stack()
        app.user_middleware = layers
        self._stacks = with_layer, without

    def set(self, *, on: bool) -> None:
        for (owner, name, bare), around in zip(self._functions, self._around, strict=True):
            setattr(owner, name, around if on else bare)
        for held, full, bare in self._lists:
            held[:] = full if on else bare
        self._app.middleware_stack = self._stacks[0] if on else self._stacks[1]


def _inside(function: Any, name: str) -> Any:
    """What a function that was put around another one calls."""
    return inspect.getclosurevars(function).nonlocals[name]


def _bare(callback: Any) -> Any:
    inside = getattr(getattr(callback, "__func__", None), "__wrapped__", None)
    return types.MethodType(inside, callback.__self__) if inside else callback


@cache
def states() -> States:
    return States()


def switch(*_: object) -> None:
    wanted = SWITCH.read_text(encoding="ascii")
    states().set(on=wanted == "on")
    SWITCH.with_name("switch.done").write_text(wanted, encoding="ascii")


os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGUSR2, switch))
