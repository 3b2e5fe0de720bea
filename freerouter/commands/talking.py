"""Asking models through the gateway: whom, one after another, and which way an answer came."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.no_answer import in_brief, raised
from freerouter.commands.serving import PATIENCE, running_config
from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.state import read_models, read_state
from freerouter.config.written_names import aliases_in, is_model_in, read_config
from freerouter.errors import (
    GatewayStateError,
    NotConfiguredError,
    NotFoundError,
    ProviderError,
    UsageError,
)
from freerouter.process.chats import Chat, NoAnswerError
from freerouter.process.control import ask as ask_supervisor
from freerouter.process.record import running
from freerouter.redact import Flow
from freerouter.registry import did_you_mean
from freerouter.result import Line, Output, Piece, Progress, counted
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.context import Context

TRIES = 4
"""Without a name: how many models are asked, each of another provider first."""
AUTO = "auto"
"""The alias that stands for whoever answers best."""
SERVED_BY, PASSED_OVER = "x-freerouter-served-by", "x-freerouter-passed-over"
"""Headers of our gateway: `provider/model`, and who was asked in vain, separated by `; `."""
MILLION = 1_000_000
CENT = 0.01
SHORT = 10
Messages = list[dict[str, str]]


class Route(NamedTuple):
    """The way of one answer. Times in seconds, `cost` in USD; None is unknown."""

    asked: str
    provider: str
    model: str
    first: float | None
    seconds: float
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None
    free: str
    """The verdict on the model: yes, quota, no, unknown."""
    retries: int
    fallbacks: int

    @property
    def demo(self) -> bool:
        return self.provider == "demo"


class Answer(NamedTuple):
    """What came back. `failures` are those that were asked before in vain."""

    text: str
    route: Route
    failures: tuple[str, ...]


class Served:
    """What the gateway has been given to serve: models, and aliases that stand for some."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.rows = [row for row in read_models(ctx.workspace) if row["written"]]
        data = read_state(ctx.workspace.models_file) or {}
        self.aliases = [str(p["name"]) for p in data.get("pools") or () if p.get("members")]

    def named(self, name: str) -> str:
        """The name, if it is one. Raises NotFoundError with the nearest.

        What the lists do not know is looked for in what the gateway runs: a name of LiteLLM's.
        """
        known = {*(row["id"] for row in self.rows), *self.aliases}
        if name not in known and not self._runs(name, known):
            raise NotFoundError(
                f'The gateway serves no model "{name}".',
                fix=did_you_mean(name, known) or "`freerouter list` shows them.",
            )
        return name

    def _runs(self, name: str, known: set[str]) -> bool:
        record = running(self._ctx.workspace)
        said = ask_supervisor(record.control, {"do": "status"}, PATIENCE) if record else None
        config = read_config(running_config(self._ctx.workspace, said))
        others = {one.name for one in aliases_in(config)}
        known |= others
        return name in others or is_model_in(config, name)

    def to_ask(self, wanted: str | None) -> list[str]:
        """The one that is named, else `auto`, else a few models of different providers."""
        if wanted:
            return [self.named(wanted)]
        if not self.rows:
            raise NotConfiguredError("No models have been fetched yet.", fix="`freerouter fetch`.")
        if AUTO in self.aliases:
            return [AUTO]
        order: dict[str, int] = {}
        ranked = []
        for row in self.rows:
            order[row["provider"]] = order.get(row["provider"], 0) + 1
            ranked.append((order[row["provider"]], row["id"]))
        return list(dict.fromkeys(name for _, name in sorted(ranked, key=lambda r: r[0])))[:TRIES]

    def provider_of(self, name: str) -> str:
        """Its provider's name; "" where several have it."""
        found = {row["provider"] for row in self.rows if row["id"] == name}
        return found.pop() if len(found) == 1 and name not in self.aliases else ""

    def who(self, served_by: str, name: str) -> dict[str, Any] | None:
        """The row of the model that answered, as the gateway says or config.yaml has it."""
        rows = (r for r in self.rows if f"{r['provider']}/{r['id']}" == served_by)
        alone = (r for r in self.rows if r["id"] == name)
        return next(rows, None) or next(alone, None)


def ask(
    ctx: Context, served: Served, names: Sequence[str], messages: Messages, timeout: float
) -> Answer:
    """Ask until one answers; its text is emitted as it comes. Raises FreeRouterError.

    Once an answer has begun nobody else is asked.
    """
    _refuse_own_secrets(ctx, messages)
    failures: list[str] = []
    last: NoAnswerError | None = None
    for name in names:
        ctx.emit(Progress("ask", f"Asking {name}"))
        try:
            return _one(ctx, served, name, messages, timeout, failures=failures)
        except NoAnswerError as error:
            last = error
            failures.append(in_brief(error, name, served.provider_of(name)))
            if error.begun or error.kind == "gone":
                break
    ctx.emit(Progress("ask", "Asking", "failed"))
    if last and (len(failures) == 1 or last.begun or last.kind == "gone"):
        raise raised(last, names[len(failures) - 1], served.provider_of(names[len(failures) - 1]))
    reasons = "".join(f"\n    {ctx.redact(f)}" for f in failures)
    raise ProviderError(
        "No model answered.",
        f"What came back:{reasons}\n",
        "`freerouter list` shows the others: ask --model NAME …",
    )


def _one(
    ctx: Context,
    served: Served,
    name: str,
    messages: Messages,
    timeout: float,
    *,
    failures: Sequence[str],
) -> Answer:
    record = running(ctx.workspace)
    if record is None:
        raise GatewayStateError("The gateway is not running.", fix="`freerouter start` starts it.")
    text: list[str] = []
    flow = Flow(ctx.redact)
    with Chat(record, load_secrets(ctx).get(MASTER_KEY) or "", timeout) as chat:
        try:
            for piece in chat.ask(name, messages):
                if not text:
                    failures = _begin(ctx, name, failures, chat)
                text.append(piece)
                _show(ctx, flow.take(piece))
        finally:
            _show(ctx, flow.end())
    if not text:
        failures = _begin(ctx, name, failures, chat)
    return Answer("".join(text), _route(served, name, chat), tuple(failures))


def _begin(ctx: Context, name: str, failures: Sequence[str], chat: Chat) -> list[str]:
    """Tell who was passed over, now that somebody answers."""
    ctx.emit(Progress("ask", f"Asking {name}", "ok"))
    found = [*failures, *_passed_over(chat.headers)]
    for failure in found:
        ctx.emit(Output(Line(f"(passed over) {failure}", "dim", err=True)))
    return found


def _show(ctx: Context, text: str) -> None:
    if text:
        ctx.emit(Piece(text))


def _passed_over(headers: Mapping[str, str]) -> list[str]:
    return [part for part in headers.get(PASSED_OVER, "").split("; ") if part]


def _refuse_own_secrets(ctx: Context, messages: Messages) -> None:
    """A key of this workspace is nothing that a provider should read."""
    load_secrets(ctx)
    if any(ctx.redact(message["content"]) != message["content"] for message in messages):
        raise UsageError("The text holds a key of yours, so it was not sent.", fix="Take it out.")


def _route(served: Served, name: str, chat: Chat) -> Route:
    row = served.who(chat.headers.get(SERVED_BY, ""), name) or {}
    tokens_in, tokens_out = (
        _whole(chat.usage.get(field)) for field in ("prompt_tokens", "completion_tokens")
    )
    return Route(
        name,
        str(row.get("provider", "")),
        str(row.get("id", name)),
        chat.first,
        chat.seconds,
        tokens_in,
        tokens_out,
        _cost(row, tokens_in, tokens_out),
        str(row.get("free", "unknown")),
        _whole(chat.headers.get("x-litellm-attempted-retries")) or 0,
        _whole(chat.headers.get("x-litellm-attempted-fallbacks")) or 0,
    )


def _whole(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None


def _cost(row: Mapping[str, Any], tokens_in: int | None, tokens_out: int | None) -> float | None:
    """By the prices of the list: a stream's headers are sent before its cost is known."""
    if row.get("free") in ("yes", "quota"):
        return 0.0
    prices = (row.get("input_price"), row.get("output_price"))
    if None in prices or tokens_in is None or tokens_out is None:
        return None
    try:
        sums = [Decimal(str(prices[0])) * tokens_in, Decimal(str(prices[1])) * tokens_out]
    except InvalidOperation:
        return None
    return float(sum(sums) / MILLION) if min(sums) >= 0 else None


def route_lines(route: Route) -> tuple[Line, Line]:
    """Who answered, and what it took."""
    by = f"{route.model} ({route.provider})" if route.provider else route.model
    by += ": a demo, not a language model" if route.demo else ""
    attempts = [
        counted(number, noun) if number == 1 or noun != "retry" else f"{number} retries"
        for number, noun in ((route.retries, "retry"), (route.fallbacks, "fallback"))
        if number
    ]
    parts = [_times(route), _tokens(route), _money(route), *attempts]
    return Line(f"Answered by {by}.", "dim"), Line(f"{', '.join(parts)}.", "dim")


def _times(route: Route) -> str:
    whole = f"{_seconds(route.seconds)} in all"
    return whole if route.first is None else f"{_seconds(route.first)} to the first word, {whole}"


def _seconds(seconds: float) -> str:
    shown = f"{seconds:.2f} s" if seconds < SHORT else f"{seconds:.1f} s"
    return volatile("duration", shown)


def _tokens(route: Route) -> str:
    if route.tokens_in is None and route.tokens_out is None:
        return "tokens unknown"
    return f"{counted(route.tokens_in or 0, 'token')} in, {route.tokens_out or 0} out"


def _money(route: Route) -> str:
    if route.free == "quota":
        return "free within a quota"
    if route.cost is None:
        return "cost unknown"
    if not route.cost:
        return "free"
    return f"${route.cost:.6f}" if route.cost < CENT else f"${route.cost:.4f}"


def as_data(answer: Answer) -> dict[str, Any]:
    """What `--json` prints of it."""
    route = answer.route
    known = [n for n in (route.tokens_in, route.tokens_out) if n is not None]
    return {
        "text": answer.text,
        "asked": route.asked,
        "model": route.model,
        "provider": route.provider,
        "demo": route.demo,
        "tokens": sum(known) if known else None,
        "tokens_in": route.tokens_in,
        "tokens_out": route.tokens_out,
        "first_token": None if route.first is None else round(route.first, 4),
        "seconds": round(route.seconds, 4),
        "cost": route.cost,
        "free": route.free,
        "retries": route.retries,
        "fallbacks": route.fallbacks,
        "failures": list(answer.failures),
    }
