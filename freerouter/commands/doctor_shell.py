"""`doctor` on the user's shell: variables of it that win over what is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.doctor_facts import finding, safe_address
from freerouter.config import variables
from freerouter.config.providers_file import HOST, PORT
from freerouter.config.secrets import MASTER_KEY
from freerouter.config.workspace import shown, user_workspace
from freerouter.process.probe import url_of
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.commands.doctor_facts import Facts, Finding

CLIENTS = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL")


def check_shell(facts: Facts) -> Iterator[Finding]:
    found = [*_keys(facts), *_listening(facts), *_clients(facts), *_home(facts)]
    yield from found
    if all(f.state == "ok" for f in found):
        yield finding("shell.clear", "ok", "No variable of your shell is in the way.")


def _keys(facts: Facts) -> Iterator[Finding]:
    """Keys that are in .env and, with another value, in the shell: the shell wins."""
    names = [MASTER_KEY]
    for one in facts.resolved:
        record = one.account.provider.env if one.account else ()
        names += variables.names(one.entry.api_key) or record
    stored = facts.secrets.stored if facts.secrets else {}
    for name in dict.fromkeys(names):
        ours, theirs = stored.get(name, "").strip(), facts.ctx.environ.get(name, "").strip()
        if ours and theirs and ours != theirs:
            facts.ctx.redact.learn({name: theirs})
            yield finding(
                f"shell.key:{name}",
                "warn",
                f"{name} has one value in your shell and another in .env; the shell's is used.",
                fix=f"`unset {name}`, or take it out of .env.",
            )


def _listening(facts: Facts) -> Iterator[Finding]:
    """The original's variables count where providers.yaml says nothing."""
    if facts.file is None:
        return
    port = facts.ctx.environ.get("LITELLM_PORT", "")
    host = facts.ctx.environ.get("LITELLM_HOST", "")
    if port and not port.isdigit():
        yield finding(
            "shell.listening:LITELLM_PORT",
            "warn",
            "LITELLM_PORT is no number, so it is not used.",
            fix="`unset LITELLM_PORT`.",
        )
    elif port and not facts.file.gateway.get("port") and int(port) != PORT:
        yield _overriding("LITELLM_PORT", "port", port)
    if host and not facts.file.gateway.get("host") and host != HOST:
        yield _overriding("LITELLM_HOST", "host", host)


def _overriding(name: str, key: str, value: str) -> Finding:
    shown = volatile("port", value) if key == "port" else value
    return finding(
        f"shell.listening:{name}",
        "warn",
        f"{name} makes the gateway use the {key} {shown}.",
        "Another shell, without that variable, would start it elsewhere.",
        fix=f"Write `gateway: {{{key}: {shown}}}` into providers.yaml, or `unset {name}`.",
    )


def _clients(facts: Facts) -> Iterator[Finding]:
    """Where clients that are started from this shell go instead."""
    if facts.record:
        base = url_of(facts.record.host, facts.record.port)
    elif facts.file:
        base = url_of(*facts.file.address(facts.ctx.environ))
    else:
        return
    for name in CLIENTS:
        value = facts.ctx.environ.get(name, "").strip()
        if not value:
            continue
        if _bare(value) == _bare(base):
            yield finding(f"shell.client:{name}", "ok", f"{name} leads to the gateway.")
            continue
        elsewhere = safe_address(value)
        yield finding(
            f"shell.client:{name}",
            "warn",
            f"{name} leads clients {f'to {elsewhere}' if elsewhere else 'elsewhere'}, "
            "not to the gateway.",
            fix='`eval "$(freerouter env)"` points this shell at it.',
        )


def _bare(address: str) -> str:
    plain = address.rstrip("/").removesuffix("/v1").rstrip("/")
    return plain.replace("//localhost", "//127.0.0.1")


def _home(facts: Facts) -> Iterator[Finding]:
    """FREEROUTER_HOME, and what it hides or is hidden by."""
    ctx = facts.ctx
    if not ctx.environ.get("FREEROUTER_HOME"):
        return
    name = "shell.home"
    profile = ctx.workspace.profile
    other = user_workspace({**ctx.environ, "FREEROUTER_HOME": ""}, profile)
    where = shown(ctx.workspace.root, ctx.environ)
    if ctx.workspace.origin != "env":
        yield finding(
            name,
            "warn",
            f"FREEROUTER_HOME is set, but {where} goes before it.",
            fix="Leave this directory, or `unset FREEROUTER_HOME`.",
        )
    elif other.configured and other.root != ctx.workspace.root:
        hidden = shown(other.root, ctx.environ)
        yield finding(
            name,
            "warn",
            f"FREEROUTER_HOME chooses {where}, so {hidden} is not used.",
            fix="`unset FREEROUTER_HOME` if that is not meant.",
        )
    else:
        yield finding(name, "ok", f"FREEROUTER_HOME chooses {where}.")
