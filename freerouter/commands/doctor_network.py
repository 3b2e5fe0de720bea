"""`doctor` on the way out: what providers say of their keys, proxies, certificates, the clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from freerouter.commands.doctor_facts import finding, first_line, mend_key, safe_address
from freerouter.commands.status import duration
from freerouter.errors import FreeRouterError
from freerouter.process.port import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freerouter.commands.doctor_facts import Facts, Finding
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict

SECONDS = 20.0
"""That one provider may take, all questions together."""
CLOCK_SECONDS = 5.0
MAY_DIFFER = 300
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def judge_all(ctx: Context, accounts: Sequence[Account]) -> tuple[tuple[Account, Verdict], ...]:
    """Every key's verdict, all asked at once."""
    if not accounts:
        return ()
    from freerouter.commands.judging import ask_all, too_late

    verdicts = ask_all(ctx, accounts, SECONDS)
    return tuple((a, v or too_late(a, SECONDS)) for a, v in zip(accounts, verdicts, strict=True))


def check_keys(facts: Facts) -> Iterator[Finding]:
    if facts.offline or not facts.verdicts:
        why = (
            "No provider was asked (--offline)."
            if facts.offline
            else "There is no provider to ask."
        )
        yield finding("keys.verdict", "skipped", why)
    for account, verdict in facts.verdicts:
        yield _key(facts, account, verdict)


def _key(facts: Facts, account: Account, verdict: Verdict) -> Finding:
    name, what = f"keys.verdict:{account.title}", first_line(verdict.message)
    if verdict.state == "works":
        return finding(name, "ok", what)
    if not _reached(verdict):
        return finding(name, "skipped", f"{account.label} could not be asked.")
    if account.provider.fixed:
        return finding(name, "skipped", what, fix=verdict.fix)
    if verdict.state == "refused":
        fix, command = mend_key(facts, account.entry, verdict.fix, account.number)
        fix = f"{fix.rstrip('.')}. `freerouter check {account.name}` says what another is worth."
        fix = fix.removeprefix(". ")
        return finding(name, "error", what, fix=fix, command=command)
    return finding(name, "warn", what, fix=_fix(verdict))


def _reached(verdict: Verdict) -> bool:
    """Whether an answer came, be it a bad one."""
    unheard = ("cannot be reached", "did not answer", "could not be asked")
    return verdict.state != "unknown" or not any(w in verdict.message for w in unheard)


def _far(account: Account) -> bool:
    """Whether it is beyond this machine."""
    return not account.provider.fixed and not is_loopback(urlsplit(account.base_url).hostname or "")


def _fix(verdict: Verdict) -> str:
    """What mends it, without an option that this command does not have."""
    return "Try again later." if "--timeout" in verdict.fix else verdict.fix


def check_network(facts: Facts) -> Iterator[Finding]:
    yield from _proxies(facts)
    yield from _certificates(facts)
    asked = [(a, v) for a, v in facts.verdicts if not a.provider.fixed]
    if not asked:
        yield finding("network.reach", "skipped", "No provider was asked.")
        return
    silent = [(a, v) for a, v in asked if not _reached(v)]
    for account, verdict in silent:
        yield finding(
            f"network.reach:{account.name}", "warn", first_line(verdict.message), fix=_fix(verdict)
        )
    far = [v for a, v in asked if _far(a)]
    if far and not any(_reached(v) for v in far):
        yield finding(
            "network.reach",
            "error",
            "Not one provider beyond this machine can be reached.",
            fix="Check the network, the proxy settings and the firewall.",
        )
    elif not silent:
        yield finding("network.reach", "ok", "Every provider that was asked has answered.")


def _proxies(facts: Facts) -> Iterator[Finding]:
    """The variables as they are obeyed; what is wrong with one is said without its value."""
    environ = facts.ctx.environ
    for name in (*PROXIES, *(p.lower() for p in PROXIES)):
        value = environ.get(name, "").strip()
        if value:
            yield _proxy(facts, name, value)
    for name in ("NO_PROXY", "no_proxy"):
        value = environ.get(name, "").strip()
        if value:
            yield finding(f"network.proxy:{name}", "ok", f"{name} is set: {value}.")


def _proxy(facts: Facts, variable: str, value: str) -> Finding:
    name, shown = f"network.proxy:{variable}", safe_address(value)
    if shown and _usable(value):
        password = urlsplit(value if "://" in value else f"http://{value}").password
        facts.ctx.redact.learn({f"{variable}_PASSWORD": password} if password else {})
        return finding(name, "ok", f"{variable} is set: {shown}.")
    return finding(
        name,
        "error",
        f"{variable} names no proxy that can be used{f': {shown}' if shown else ''}.",
        fix=f"Set {variable} to an http:// address, or unset it.",
    )


def _usable(value: str) -> bool:
    """Whether the HTTP library takes it: it alone knows which kinds of proxy it can talk to."""
    from freerouter.providers.http import import_httpx

    with import_httpx():
        import httpx

        try:
            proxy = value if "://" in value else f"http://{value}"
            httpx.Client(proxy=proxy, trust_env=False, verify=False).close()  # noqa: S501 - unused
        except (ImportError, ValueError, httpx.InvalidURL):
            return False
    return True


def _certificates(facts: Facts) -> Iterator[Finding]:
    for name in CERTIFICATES:
        path = facts.ctx.environ.get(name, "")
        if path and os.path.exists(path):
            yield finding(f"network.certificates:{name}", "ok", f"{name} is set: {path}.")
        elif path:
            yield finding(
                f"network.certificates:{name}",
                "error",
                f"{name} names {path}, which does not exist.",
                "Without certificates nobody can be asked over https.",
                fix=f"Set {name} to the right file, or unset it.",
            )


def check_clock(facts: Facts) -> Iterator[Finding]:
    """The clock of this machine against that of a provider which has just answered."""
    asked = next((a for a, v in facts.verdicts if _far(a) and _reached(v)), None)
    theirs = _time_of(asked) if asked else None
    if theirs is None:
        yield finding("clock.right", "skipped", "No provider was asked for the time.")
        return
    off = facts.ctx.now() - theirs
    if abs(off) <= MAY_DIFFER:
        yield finding("clock.right", "ok", "The clock is right.")
        return
    yield finding(
        "clock.right",
        "warn",
        f"The clock is {duration(abs(off))} {'ahead' if off > 0 else 'behind'}.",
        "Certificates are held invalid by a wrong clock, and free models expired.",
        fix="Set it: `sudo timedatectl set-ntp true`, say.",
    )


def _time_of(account: Account) -> float | None:
    """What a provider's `Date` says. Neither the key nor a login in the address is sent."""
    from email.utils import parsedate_to_datetime

    from freerouter.providers.http import make_client

    tls = account.base_url.startswith("https:")
    try:
        with make_client(tls=tls, timeout=CLOCK_SECONDS) as client:
            import httpx

            try:
                answer = client.head(safe_address(account.base_url))
            except (httpx.HTTPError, httpx.InvalidURL):
                return None
            return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (FreeRouterError, OSError, ValueError, TypeError):
        return None
