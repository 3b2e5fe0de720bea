"""`check --full`: which models are called, within which budget, and what that proves."""

from __future__ import annotations

import shlex
from collections import Counter
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.checked import WORDS, Called
from freerouter.commands.kept_verdicts import keep_verdict
from freerouter.config.proven import read_proven, write_failing, write_proven
from freerouter.config.providers_file import NEVER, load_providers
from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.state import read_pools
from freerouter.errors import FreeRouterError
from freerouter.process.probe import url_of
from freerouter.process.record import running
from freerouter.providers.http import make_client
from freerouter.providers.keys import Verdict
from freerouter.providers.pace import Pace, in_lanes, rpm_of
from freerouter.providers.proving import ROOM_FOR_A_CALL, Place, Proof, place_of, prove, why_not
from freerouter.result import Line, Output, Progress, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from freerouter.commands.checked import Checked
    from freerouter.context import Context
    from freerouter.providers.account import Account

    Row = Mapping[str, Any]


class _Planned(NamedTuple):
    row: Row
    account: Account
    place: Place


def costs_money(row: Row) -> bool:
    """Whether calling it may cost: it has a price, or the provider gives nothing away."""
    priced = any(row[side] not in (None, "0") for side in ("input_price", "output_price"))
    return row["free"] == "no" or (row["free"] == "unknown" and priced)


def refuse_to_spend(
    ctx: Context, rows: Sequence[Row], args: Mapping[str, Any], *, named: bool
) -> None:
    """Raise before anybody is asked, where money would be spent that nobody has allowed."""
    dear = [row for row in rows if costs_money(row)]
    if not dear or not (named or args["paid"]):
        return
    first = f"{dear[0]['provider']}/{dear[0]['id']}"
    if args["paid"]:
        file = load_providers(ctx.workspace)
        words = {entry.name: entry.spend or file.spend for entry in file.entries}
        barred = next((row for row in dear if words.get(row["provider"]) == NEVER), None)
        if barred:
            raise FreeRouterError(
                f"{barred['provider']}/{barred['id']} costs money, and nothing may be spent there "
                "(spend: never).",
                "No model was called.",
                "`spend: allowed` in providers.yaml lets it be called.",
            )
        return
    raise FreeRouterError(
        f"{first} costs money: {dear[0]['reason'] or 'it is not known to be free'}.",
        "No model was called.",
        f"`{_again(args, '--paid')}` calls it all the same.",
    )


def call_models(
    ctx: Context, found: Sequence[Checked], rows: Sequence[Row], args: Mapping[str, Any]
) -> tuple[list[Checked], list[Called]]:
    """Call each once, within the budget; the verdicts again, with what the calls prove of them."""
    planned, passed = _plan(ctx, found, rows, args)
    each = 1 + bool(args["stream"]) + bool(args["tools"])
    room = max(0, args["calls"] // each)
    planned, more = planned[:room], planned[room:]
    ctx.emit(Output(_announcement(planned, each, args["calls"], tools=args["tools"])))
    if more:
        all_calls = (len(planned) + len(more)) * each
        budget = counted(args["calls"], "call")
        reason = f"{counted(len(more), 'model')} not called: the budget is {budget}."
        then = f"`{_again(args, f'--calls {all_calls}')}` calls all."
        passed += [_passed(one.row, reason, then) for one in more]
    called = _call(ctx, planned, args) if planned else []
    _remember(ctx, called)
    direct = {f"{p.row['provider']}/{p.row['id']}" for p in planned if _direct(p)}
    verdicts = [_learnt(ctx, one, called, direct) for one in found]
    order = {(row["provider"], row["id"]): place for place, row in enumerate(rows)}
    every = sorted([*called, *passed], key=lambda c: order[c.provider, c.model])
    return verdicts, every


def _again(args: Mapping[str, Any], more: str) -> str:
    """The same command with more said."""
    words = ["freerouter", "check", *args["target"]]
    words += [f"--{name}" for name in ("full", "paid", "stream", "tools") if args[name]]
    return f"{shlex.join(words)} {more}"


def _passed(row: Row, reason: str, then: str = "") -> Called:
    return Called(row["provider"], row["id"], reason=reason, next=then)


def _plan(
    ctx: Context, found: Sequence[Checked], rows: Sequence[Row], args: Mapping[str, Any]
) -> tuple[list[_Planned], list[Called]]:
    """What is to be called, unproven models first and by turns of providers, and what cannot be."""
    usable = {c.account.name: c.account for c in reversed(found) if c.account and _callable(c)}
    verdicts = {c.account.name: c.verdict for c in reversed(found) if c.account}
    dear = 0 if args["paid"] else sum(map(costs_money, rows))
    proven = read_proven(ctx.workspace)
    gateway, pools = _gateway(ctx), read_pools(ctx.workspace)
    lanes: dict[str, list[_Planned]] = {}
    passed: list[Called] = []
    for row in sorted(
        rows, key=lambda r: proven.get(f"{r['provider']}/{r['id']}", {}).get("at", 0)
    ):
        account = usable.get(row["provider"])
        if account is None:
            verdict = verdicts.get(row["provider"])
            why = WORDS[verdict.state] if verdict else WORDS["missing"]
            passed.append(_passed(row, f"The models of {row['provider']} were not called ({why})."))
            continue
        if costs_money(row) and not args["paid"]:
            they = "they cost" if dear > 1 else "it costs"
            reason = f"{counted(dear, 'model')} not called: {they} money."
            passed.append(_passed(row, reason, f"`{_again(args, '--paid')}` calls them too."))
            continue
        place = place_of(account, row["id"]) or _through(gateway, account, row, pools)
        if isinstance(place, Proof):
            passed.append(Called(row["provider"], row["id"], place))
        else:
            lanes.setdefault(row["provider"], []).append(_Planned(row, account, place))
    turns = [one for turn in zip_longest(*lanes.values()) for one in turn if one]
    return turns, passed


def _callable(one: Checked) -> bool:
    """Whether calling its models makes sense: it is there, and the key is not known to be bad."""
    state, account = one.verdict.state, one.account
    doubt = bool(one.verdict.models) or bool(account and account.provider.fixed)
    return state == "works" or (state == "unknown" and doubt)


def _gateway(ctx: Context) -> tuple[str, str] | None:
    """Its chat address and its key, where it runs."""
    record = running(ctx.workspace)
    if record is None:
        return None
    key = load_secrets(ctx).get(MASTER_KEY) or ""
    return f"{url_of(record.host, record.port)}/v1/chat/completions", key


def _through(
    gateway: tuple[str, str] | None,
    account: Account,
    row: Row,
    pools: Sequence[Mapping[str, Any]],
) -> Place | Proof:
    """The gateway's place for that very deployment, or that it cannot tell."""
    if gateway is None:
        return Proof(
            "unknown",
            f"{why_not(account)}, and the gateway does not run.",
            "`freerouter start`, then check again.",
            calls=0,
        )
    if not row["written"]:
        return Proof(
            "unknown",
            f"{why_not(account)}, and the gateway does not serve {row['id']}.",
            f"`freerouter select --add {row['provider']}/{row['id']}`, then `freerouter reload`.",
            calls=0,
        )
    deployment = _deployment(account, row, pools)
    if deployment is None:
        return Proof(
            "unknown",
            f"{why_not(account)}, and there the alias {row['id']} has taken its name.",
            f"`freerouter alias rename {row['id']} NEW` gives it back, then `freerouter reload`.",
            calls=0,
        )
    url, key = gateway
    headers = {"Authorization": f"Bearer {key}"}
    return Place(account.label, url, headers, deployment)


def _deployment(account: Account, row: Row, pools: Sequence[Mapping[str, Any]]) -> str | None:
    """What the gateway knows the model as: where an alias has its name, as a member of one."""
    own, name = account.deployment(row["id"]), f"{row['provider']}/{row['id']}"
    if not any(pool["name"] == row["id"] and pool["members"] for pool in pools):
        return own
    return next((f"{pool['name']}:{own}" for pool in pools if name in pool["members"]), None)


def _direct(planned: _Planned) -> bool:
    return place_of(planned.account, planned.row["id"]) is not None


def _announcement(planned: Sequence[_Planned], each: int, budget: int, *, tools: bool) -> Line:
    """Said before the first call: how many there will be, and where."""
    if not planned:
        return Line("No model is called.", "dim")
    counts = Counter(p.account.name for p in planned)
    where = ", ".join(f"{name} {number * each}" for name, number in counts.items())
    total = counted(len(planned) * each, "call")
    size = f"one token each, {ROOM_FOR_A_CALL} for tools" if tools else "one token each"
    return Line(f"{total} (at most {budget}), {size}: {where}.", "dim")


def _call(ctx: Context, planned: Sequence[_Planned], args: Mapping[str, Any]) -> list[Called]:
    tls = any(p.place.url.startswith("https:") for p in planned)
    lanes: dict[str, list[_Planned]] = {}
    for one in planned:
        lanes.setdefault(one.account.name, []).append(one)
    called: list[Called] = []
    with make_client(tls=tls, timeout=args["timeout"]) as client:
        groups = [
            [partial(_one, client, one, pace, args) for one in lane]
            for lane in lanes.values()
            for pace in [Pace(rpm_of(lane[0].account))]
        ]
        ctx.emit(Progress("check", "Calling models", total=len(planned)))
        for done in in_lanes(groups):
            called.append(done)
            progress = Progress("check", "Calling models", done=len(called), total=len(planned))
            ctx.emit(progress)
    ctx.emit(Progress("check", "Calling models", "ok"))
    return called


def _one(client: httpx.Client, one: _Planned, pace: Pace, args: Mapping[str, Any]) -> Called:
    pace.wait()
    proof = prove(
        client,
        one.account,
        one.place,
        args["timeout"],
        stream=args["stream"],
        tools=args["tools"],
    )
    if proof.busy:
        pace.rest(proof.busy)
    return Called(one.row["provider"], one.row["id"], proof)


def _remember(ctx: Context, called: Sequence[Called]) -> None:
    new: dict[str, dict[str, Any]] = {}
    gone = []
    for one in called:
        if one.proof is None:
            continue
        if one.proof.state == "works":
            new[one.name] = {
                "at": ctx.now(),
                "latency": one.proof.latency,
                "stream": one.proof.stream,
                "tools": one.proof.tools,
                "by": "check",
            }
        elif one.proof.state == "absent":
            gone.append(one.name)
    if new or gone:
        write_proven(ctx.workspace, new, gone)
    failed = {
        one.name: {"at": ctx.now(), "why": ctx.redact(one.proof.message), "by": "check"}
        for one in called
        if one.proof and one.proof.state != "works" and one.proof.calls
    }
    write_failing(ctx.workspace, failed, new)


def _learnt(ctx: Context, one: Checked, called: Sequence[Called], direct: set[str]) -> Checked:
    """A provider in doubt, with what its models said: an answer proves the key, a refusal too."""
    account = one.account
    if account is None or one.verdict.state != "unknown":
        return one
    proofs = [
        c.proof for c in called if c.provider == account.name and c.name in direct and c.proof
    ]
    verdict = None
    if any(p.state == "works" for p in proofs):
        what = "key works" if account.key else "answers"
        verdict = Verdict("works", f"{account.label}: {what}, as a call proves.")
    elif proofs and all(p.state in ("refused", "no_quota", "region") for p in proofs):
        verdict = Verdict(proofs[0].state, proofs[0].message, proofs[0].fix)
    if verdict is None:
        return one
    verdict = verdict._replace(models=one.verdict.models, free=one.verdict.free)
    keep_verdict(ctx, account, verdict)
    return one._replace(verdict=verdict, age=None)
