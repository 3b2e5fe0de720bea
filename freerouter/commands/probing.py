"""`providers try`, `providers local`: which servers answer, and at which address. Never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.keys import verdict_result
from freerouter.config import variables
from freerouter.config.providers_file import Entry
from freerouter.config.secrets import clean_key, load_secrets
from freerouter.errors import FreeRouterError, NotConfiguredError, ProviderError
from freerouter.process.record import running
from freerouter.providers.account import Account
from freerouter.providers.addresses import as_given, forms_of
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.discovery import Outcome, discover
from freerouter.providers.http import without_password
from freerouter.providers.keys import Verdict, counted_models
from freerouter.providers.local_servers import answering, usual_servers
from freerouter.providers.today import today
from freerouter.result import Line, Result, Table, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.context import Context

SECONDS = 10.0
LOCAL_SECONDS = 1.0


def try_url(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Ask every form of an address at once, with the hidden key if there is one."""
    text = args["url"].strip()
    url = _expanded(ctx, text)
    forms = forms_of(url)
    outcomes = discover(_accounts(ctx, forms), today(ctx.now()), SECONDS)
    found, verdict = _judge(outcomes)
    answer = found or as_given(url)
    if answer.startswith(url.rstrip("/")):
        # Variables in the address stay as they were written.
        answer = text.rstrip("/") + answer[len(url.rstrip("/")) :]
    data = {"answer": answer, "url": answer}
    return verdict_result(data, verdict)


def _expanded(ctx: Context, text: str) -> str:
    try:
        return variables.expand(text, load_secrets(ctx).get)
    except variables.UnsetVariable as error:
        name = error.args[0]
        raise NotConfiguredError(
            f"The address needs ${{{name}}}, which is not set.", fix=f"Set {name}."
        ) from None


def _accounts(ctx: Context, forms: Sequence[str]) -> list[Account]:
    record = catalogue_of(ctx).get("oai")._replace(generic=False)
    key = clean_key(ctx.secret) if ctx.secret else ""
    accounts = [
        Account(record, Entry(type="oai", name=_host(form)), form, key, "OAI_KEY") for form in forms
    ]
    for account in accounts:
        ctx.redact.learn(account.secrets())
    return accounts


def _host(url: str) -> str:
    return without_password(url).partition("://")[2].partition("/")[0]


def _judge(outcomes: Sequence[Outcome]) -> tuple[str, Verdict]:
    """The form that answers, and what there is to say of it; no form where none does."""
    for outcome in outcomes:
        if outcome.error is None:
            url = outcome.account.base_url
            free = sum(m.costs_nothing for m in outcome.models)
            message = f"{without_password(url)}: answers, {counted_models(outcome.models)}"
            return url, Verdict("works", message, models=len(outcome.models), free=free)
    for outcome in outcomes:
        if _state(outcome.error) == "refused":
            return outcome.account.base_url, _refused(outcome)
    return "", _silent(outcomes)


def _refused(outcome: Outcome) -> Verdict:
    account, error = outcome.account, outcome.error
    if error and account.key:
        return Verdict("refused", " ".join(part for part in (error.what, error.why) if part))
    return Verdict("works", f"{without_password(account.base_url)}: answers, and wants a key")


def _silent(outcomes: Sequence[Outcome]) -> Verdict:
    """What went wrong: whatever tells more than that one form is not there."""
    tried = f"Tried: {', '.join(without_password(o.account.base_url) for o in outcomes)}."
    errors = [o.error for o in outcomes if o.error]
    telling = [error for error in errors if _state(error) != "absent"]
    if telling:
        first = telling[0]
        message = " ".join(part for part in (first.what, first.why) if part)
        return Verdict("unknown", message, tried)
    host = outcomes[0].account.name
    return Verdict("unknown", f"{host} answers, but lists no models where they usually are.", tried)


def _state(error: FreeRouterError | None) -> str:
    return error.state if isinstance(error, ProviderError) else ""


def local(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Servers of this machine that answer on their usual port, ours excepted."""
    record = running(ctx.workspace)
    servers = [s for s in usual_servers() if record is None or s.port != record.port]
    catalogue = catalogue_of(ctx)
    found = answering(servers, catalogue, today(ctx.now()), LOCAL_SECONDS)
    rows = [
        {
            "name": server.name,
            "type": server.type,
            "url": server.url,
            "models": models,
            "label": server.label,
            "hint": f"answers, {counted(models, 'model')}",
        }
        for server, models in found
    ]
    if not rows:
        return Result({"servers": []}, (Line("No local server answers.", "dim"),))
    table = Table(
        ("SERVER", "URL", "MODELS"),
        tuple((s.label, s.url, str(models)) for s, models in found),
        (2,),
    )
    return Result({"servers": rows}, (table,))
