"""`ask`: one question to a model through the gateway, over real HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.state import read_models
from freerouter.errors import GatewayStateError, NotConfiguredError, NotFoundError, ProviderError
from freerouter.process.probe import reachable
from freerouter.process.record import running
from freerouter.registry import did_you_mean
from freerouter.result import Line, Progress, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.record import GatewayRecord

TRIES = 4
"""Without --model: how many models are asked, each of another provider first, until one answers."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    record = running(ctx.workspace)
    if record is None:
        raise GatewayStateError("The gateway is not running.", fix="`freerouter start` starts it.")
    rows = [r for r in read_models(ctx.workspace) if r["written"]]
    names = _candidates(rows, args["model"])
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


def _candidates(rows: list[dict[str, Any]], wanted: str | None) -> list[str]:
    known = {r["id"] for r in rows}
    if wanted:
        if wanted not in known:
            raise NotFoundError(
                f'The gateway serves no model "{wanted}".',
                fix=did_you_mean(wanted, known) or "`freerouter list` shows them.",
            )
        return [wanted]
    if not rows:
        raise NotConfiguredError("No models have been fetched yet.", fix="`freerouter fetch`.")
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
            return data
        return f"{answer.status} {data['error']['message'].splitlines()[0][:300]}"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return f"{answer.status}, and not in the form of a chat completion"


def _shown(
    answer: dict[str, Any], rows: list[dict[str, Any]], name: str, failures: list[str]
) -> Result:
    row = next(r for r in rows if r["id"] == name)
    demo = row["provider"] == "demo"
    by = f"{name} ({row['provider']})" + (": a demo, not a language model" if demo else "")
    usage = answer.get("usage") or {}
    notes = [Line(f"(passed over) {f}", "dim", err=True) for f in failures]
    show = (*notes, Line(answer["text"]), Line(f"Answered by {by}.", "dim"))
    data = {
        "text": answer["text"],
        "model": name,
        "provider": row["provider"],
        "demo": demo,
        "tokens": usage.get("total_tokens"),
        "failures": failures,
    }
    return Result(data, show)
