"""`ask`: one question to a model through the gateway, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.talking import Messages, Served, as_data, ask, route_lines
from freerouter.errors import UsageError
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    question = " ".join(args["question"]).strip()
    if question in ("", "-"):
        raise UsageError(
            "There is no question.",
            fix='`freerouter ask "Say hello"`, or `freerouter ask - < FILE`.',
        )
    served = Served(ctx)
    names = served.to_ask(args["model"])
    answer = ask(ctx, served, names, messages_of(question, args["system"]), args["timeout"])
    empty = () if answer.text.strip() else (Line("There is no text in the answer.", "warn"),)
    return Result(as_data(answer), (*empty, *route_lines(answer.route)))


def messages_of(question: str, system: str | None) -> Messages:
    before = [{"role": "system", "content": system}] if system else []
    return [*before, {"role": "user", "content": question}]
