"""`chat`: a conversation with a model through the gateway. It is kept in memory, and nowhere else.

What the user says is asked for as a flow's questions are, so that it can be recorded and replayed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from freerouter.commands.talking import Messages, Served, ask, route_lines
from freerouter.errors import (
    CancelledError,
    FreeRouterError,
    NotFoundError,
    UsageError,
)
from freerouter.redact import KEY_SHAPES
from freerouter.result import Line, Output, Piece, Result, counted
from freerouter.wizard.messages import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.context import Context
    from freerouter.result import Event
    from freerouter.session import Asker, Session

HELP = (
    "/model NAME asks another model from now on; /model tells which one is asked.",
    "/new forgets what was said, and begins anew.",
    "/exit ends the chat; so does Ctrl-D. Ctrl-C stops an answer.",
    "//text says /text to the model.",
)
SAID = Question("you", "text", "You", help=" ".join(HELP))


def run(session: Session, args: Mapping[str, Any]) -> Result:
    asker = session.frontend.asker()
    if asker is None:
        raise UsageError(
            "There is nobody to talk with: this is no terminal.",
            fix='`freerouter ask "Say hello"` asks one question; --jsonl is for programs.',
        )
    talk = _Talk(session, args)
    talk.tell(f"Talking with {talk.who}. /help tells what else can be typed; /exit ends.", "dim")
    while (text := _said(asker)) is not None:
        if not talk.take(text):
            break
    return Result(
        {"turns": talk.turns, "model": talk.model, "tokens": talk.tokens, "cost": talk.cost},
        (Line(talk.summary, "dim"),),
    )


def _said(asker: Asker) -> str | None:
    """What is typed next; None where the user has gone."""
    try:
        event = asker.ask(SAID)
    except (CancelledError, KeyboardInterrupt):
        return None
    return str(event.value).strip() if isinstance(event, Answer) else ""


class _Talk:
    """One conversation: who is asked, what was said, and what it took."""

    def __init__(self, session: Session, args: Mapping[str, Any]) -> None:
        self._session = session
        self._timeout: float = args["timeout"]
        self._system: str | None = args["system"]
        self._names = Served(session.context()).to_ask(args["model"])
        self._messages = self._begin()
        self.turns = 0
        self.tokens = 0
        self.cost: float | None = 0.0

    @property
    def model(self) -> str:
        return self._names[0]

    @property
    def who(self) -> str:
        return self.model if len(self._names) == 1 else "whoever answers first"

    @property
    def summary(self) -> str:
        cost = "cost unknown" if self.cost is None else f"${self.cost:.6f}" if self.cost else "free"
        return f"{counted(self.turns, 'answer')}, {counted(self.tokens, 'token')}, {cost}."

    def take(self, text: str) -> bool:
        """Do what was typed; whether the chat goes on."""
        if text.startswith("/") and not text.startswith("//"):
            return self._order(*text[1:].split(maxsplit=1))
        if text:
            self._say(text.removeprefix("/") if text.startswith("//") else text)
        return True

    def tell(self, text: str, style: str = "", *, err: bool = False) -> None:
        self._session.frontend.event(Output(Line(text, style, err)))

    def _begin(self) -> Messages:
        return [{"role": "system", "content": self._system}] if self._system else []

    def _order(self, name: str = "", rest: str = "") -> bool:
        if name == "exit":
            return False
        if name == "new":
            self._messages = self._begin()
            self.tell("A new conversation.", "dim")
        elif name == "model":
            self._choose(rest.strip())
        elif name == "help":
            for line in HELP:
                self.tell(line)
        else:
            self.tell(f"There is no /{name}. /help tells what there is.", "warn", err=True)
        return True

    def _choose(self, name: str) -> None:
        if not name:
            self.tell(f"Talking with {self.who}.", "dim")
            return
        try:
            self._names = [Served(self._session.context()).named(name)]
        except NotFoundError as error:
            self.tell(str(error), "error", err=True)
            return
        self.tell(f"Talking with {name} from now on.", "dim")

    def _say(self, text: str) -> None:
        """One turn. Whatever goes wrong, the conversation goes on."""
        if re.search(KEY_SHAPES, text):
            self.tell("This looks like a key, so it was not sent.", "error", err=True)
            return
        said = {"role": "user", "content": text}
        heard = _Heard(self._session.frontend.event)
        ctx = self._session.context()._replace(emit=heard.event)
        try:
            self._ask(ctx, said)
        except KeyboardInterrupt:
            self.tell("(stopped)", "dim")
            self._messages += [said, {"role": "assistant", "content": heard.text}]
        except FreeRouterError as error:
            self.tell(str(error), "error", err=True)

    def _ask(self, ctx: Context, said: dict[str, str]) -> None:
        answer = ask(ctx, Served(ctx), self._names, [*self._messages, said], self._timeout)
        self._messages += [said, {"role": "assistant", "content": answer.text}]
        self._names = [answer.route.asked]
        for line in route_lines(answer.route):
            ctx.emit(Output(line))
        self.turns += 1
        self.tokens += (answer.route.tokens_in or 0) + (answer.route.tokens_out or 0)
        known = self.cost is not None and answer.route.cost is not None
        self.cost = (self.cost or 0.0) + (answer.route.cost or 0.0) if known else None


class _Heard:
    """Passes events on, and knows the text that came in pieces."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self.text = ""

    def event(self, event: Event) -> None:
        if isinstance(event, Piece):
            self.text += event.text
        self._emit(event)
