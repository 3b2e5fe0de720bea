"""`ask`: one question to a model through the gateway, over real HTTP."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.state import read_models, read_pools
from freerouter.errors import GatewayStateError, NotConfiguredError, NotFoundError, ProviderError
from freerouter.process.probe import reachable
from freerouter.process.record import running
from freerouter.registry import did_you_mean
from freerouter.result import Line, Progress, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.record import GatewayRecord

AUTO = "auto"
SERVED_BY, PASSED_OVER = "x-freerouter-served-by", "x-freerouter-passed-over"
"""Headers of an answer of the gateway (usage/exchange.py)."""
PREFIX = re.compile(r"litellm\.\w+: ")
"""What LiteLLM puts before a message: the name of its class."""
LONGEST = 600
TRIES = 4
"""Without --model and `auto`: how many models are asked, each of another provider first."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    record = running(ctx.workspace)
    if record is None:
        raise GatewayStateError("The gateway is not running.", fix="`freerouter start` starts it.")
    rows = [r for r in read_models(ctx.workspace) if r["written"]]
    pools = [pool["name"] for pool in read_pools(ctx.workspace) if pool["members"]]
    names = _candidates(rows, pools, args["model"])
    question = " ".join(args["question"])
    failures = []
    for name in names:
        ctx.emit(Progress("ask", f"Asking {name}"))
        answer = _complete(ctx, record, name, question, args["timeout"])
        if isinstance(answer, str):
            failures.append(f"{name}: {answer}")
            continue
        ctx.emit(Progress("ask", f"Asking {name}", "ok"))
        return _shown(answer, rows, name, failures)
    ctx.emit(Progress("ask", "Asking", "failed"))
    reasons = "".join(f"\n    {ctx.redact(f)}" for f in failures)
    raise ProviderError(
        "No model answered." if len(failures) > 1 else "The model did not answer.",
        f"What came back:{reasons}\n",
        "`freerouter list` shows the others: ask --model NAME …",
    )


def _candidates(rows: list[dict[str, Any]], pools: list[str], wanted: str | None) -> list[str]:
    """Whom to ask: the one that is named, else `auto`, else a few models until one answers."""
    known = {*(r["id"] for r in rows), *pools}
    if wanted:
        if wanted not in known:
            raise NotFoundError(
                f'The gateway serves no model "{wanted}".',
                fix=did_you_mean(wanted, known) or "`freerouter list` shows them.",
            )
        return [wanted]
    if not rows:
        raise NotConfiguredError("No models have been fetched yet.", fix="`freerouter fetch`.")
    if AUTO in pools:
        return [AUTO]
    order: dict[str, int] = {}
    ranked = []
    for row in rows:
        order[row["provider"]] = order.get(row["provider"], 0) + 1
        ranked.append((order[row["provider"]], row["id"]))
    return list(dict.fromkeys(name for _, name in sorted(ranked, key=lambda r: r[0])))[:TRIES]


def _complete(
    ctx: Context, record: GatewayRecord, model: str, question: str, timeout: float
) -> dict[str, Any] | str:
    """The answer's JSON, or in words why there is none."""
    from http.client import HTTPConnection, HTTPException

    body = json.dumps({"model": model, "messages": [{"role": "user", "content": question}]})
    key = load_secrets(ctx).get(MASTER_KEY) or ""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = HTTPConnection(reachable(record.host), record.port, timeout=timeout)
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        raw = answer.read()
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except (OSError, HTTPException) as error:
        return f"the gateway cut the connection ({error or type(error).__name__})"
    finally:
        connection.close()
    try:
        data: dict[str, Any] = json.loads(raw)
        if answer.status == 200:  # noqa: PLR2004 - HTTP's own number
            data["text"] = data["choices"][0]["message"]["content"] or ""
            data["served_by"] = answer.getheader(SERVED_BY) or ""
            data["passed_over"] = answer.getheader(PASSED_OVER) or ""
            return data
        told = data["error"]["message"].splitlines()[0]
        return f"{answer.status} {PREFIX.sub('', told)[:LONGEST]}"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return f"{answer.status}, and not in the form of a chat completion"


def _shown(
    answer: dict[str, Any], rows: list[dict[str, Any]], name: str, failures: list[str]
) -> Result:
    provider, model = _who(answer["served_by"], rows, name)
    demo = provider == "demo"
    by = f"{model} ({provider})" if provider else name
    by += ": a demo, not a language model" if demo else ""
    usage = answer.get("usage") or {}
    if answer["passed_over"]:
        failures = [*failures, *answer["passed_over"].split("; ")]
    notes = [Line(f"(passed over) {f}", "dim", err=True) for f in failures]
    show = (*notes, Line(answer["text"]), Line(f"Answered by {by}.", "dim"))
    data = {
        "text": answer["text"],
        "asked": name,
        "model": model,
        "provider": provider,
        "demo": demo,
        "tokens": usage.get("total_tokens"),
        "failures": failures,
    }
    return Result(data, show)


def _who(served_by: str, rows: list[dict[str, Any]], name: str) -> tuple[str, str]:
    """Provider and model of who answered: as the gateway says, else as config.yaml has it."""
    found = next((r for r in rows if f"{r['provider']}/{r['id']}" == served_by), None)
    found = found or next((r for r in rows if r["id"] == name), None)
    return (found["provider"], found["id"]) if found else ("", served_by or name)
