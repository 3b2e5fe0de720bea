"""`doctor` on what is set up: providers.yaml, and the config.yaml that was made from it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from freerouter.commands.doctor_facts import finding, from_error, mend_key
from freerouter.commands.migrations import holds_keys
from freerouter.commands.set_up import text_in
from freerouter.commands.writing import last_lists, parts_of, present_text, with_keys
from freerouter.config.references import is_key
from freerouter.config.state import (
    FINGERPRINT,
    fingerprint_of,
    is_as_written,
    read_models,
    read_suffixes,
)
from freerouter.config.versions import VERSION
from freerouter.errors import FreeRouterError
from freerouter.providers.catalogue import catalogue_of
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.commands.doctor_facts import Facts, Finding, Resolved
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.secrets import Secrets

FETCH = ("fetch",)
MIGRATE = ("migrate", "--yes")
ALL = "`freerouter validate` tells everything that is wrong in it."


def check_providers(facts: Facts) -> Iterator[Finding]:
    """providers.yaml, the user's own catalogue records, and every provider that is on."""
    overrides = dict(_broken_records(facts))
    yield from overrides.values()
    if facts.file is None:
        if facts.ctx.workspace.configured and facts.file_error:
            yield _invalid(facts, facts.file_error)
        else:
            yield finding("providers.valid", "skipped", "There is no providers.yaml.")
        return
    on = facts.file.enabled
    count = counted(len(facts.file.entries), "provider")
    yield finding("providers.valid", "ok", f"{count} in providers.yaml, {len(on)} switched on.")
    yield from _earlier(facts.file)
    if not on:
        yield finding(
            "providers.enabled",
            "error",
            "No provider is switched on in providers.yaml.",
            fix="`freerouter providers add NAME` adds one.",
        )
    elif facts.secrets is None:
        yield finding(
            "providers.resolve", "skipped", "Their keys are in .env, which is unreadable."
        )
    else:
        yield from _resolved(facts, facts.file, overrides)
        yield from _litellm(facts, facts.file, facts.secrets)


def _earlier(file: ProvidersFile) -> Iterator[Finding]:
    """What `migrate` is there for: an earlier version, keys that stand in the file itself."""
    literal = [e.name for e in file.entries if any(map(is_key, (e.api_key, *e.keys)))]
    if literal:
        what = f"The key of {', '.join(literal)} stands in providers.yaml itself."
        why = "It belongs into .env."
        yield finding("providers.keys", "warn", what, why, command=MIGRATE)
    elif file.version < VERSION:
        # It works as it is, so nothing is wrong with it.
        what = "providers.yaml is as FreeRouter 0.1 has it; `freerouter migrate` makes it today's."
        yield finding("providers.version", "ok", what)


def _invalid(facts: Facts, error: FreeRouterError) -> Finding:
    """A providers.yaml that cannot be used; where there are backups, also the way back."""
    from freerouter.config.backups import backups_of

    made = from_error("providers.valid", error)
    made = made._replace(fix=f"{made.fix} {ALL}".lstrip())
    try:
        known = bool(backups_of(facts.ctx.workspace))
    except FreeRouterError:
        known = False
    way = "`freerouter restore latest` brings the latest backup back."
    return made._replace(fix=f"{made.fix} Or go back: {way}".lstrip()) if known else made


def _broken_records(facts: Facts) -> Iterator[tuple[str, Finding]]:
    catalogue = catalogue_of(facts.ctx)
    try:
        names = catalogue.overridden()
    except FreeRouterError as error:
        yield "", from_error("providers.catalogue", error)
        return
    for name in names:
        try:
            catalogue.get(name)
        except FreeRouterError as error:
            yield name, from_error(f"providers.record:{name}", error)


def _resolved(
    facts: Facts, file: ProvidersFile, overrides: dict[str, Finding]
) -> Iterator[Finding]:
    faults = [r for r in facts.resolved if r.error and r.entry.type not in overrides]
    for one in faults:
        yield _unresolved(facts, one)
    if not faults and len(facts.accounts) == len(file.enabled):
        yield finding(
            "providers.resolve", "ok", "Each of them has its address, and its key if it needs one."
        )
    for account in facts.accounts:
        if account.provider.retired:
            yield finding(
                f"providers.retired:{account.name}",
                "warn",
                f"{account.label} is retired: {account.provider.status_note}.",
                fix=f"Write `enabled: false` at it ({account.entry.place}).",
            )


def _unresolved(facts: Facts, one: Resolved) -> Finding:
    error = one.error
    assert error is not None  # noqa: S101 - only those that failed come here
    made = from_error(f"providers.resolve:{one.entry.name}", error)
    if "`keys set " not in error.fix:
        return made
    fix, command = mend_key(facts, one.entry, error.fix)
    return made._replace(fix=fix, command=command)


def _litellm(facts: Facts, file: ProvidersFile, secrets: Secrets) -> Iterator[Finding]:
    """Variables under `litellm:` are looked up at a start, which fails where one is not set."""
    from freerouter.config.generate import environment

    try:
        facts.ctx.redact.learn(environment(file, facts.accounts, secrets))
    except FreeRouterError as error:
        yield from_error("providers.litellm", error)


def check_config(facts: Facts) -> Iterator[Finding]:
    """config.yaml: is it there, is it what was written, and is it what would be written now."""
    workspace = facts.ctx.workspace
    if not workspace.configured:
        yield finding(
            "config.there", "skipped", "There is no config.yaml before there is a providers.yaml."
        )
        return
    if not os.path.isfile(workspace.config_file):
        yield finding("config.there", "error", "No models have been fetched yet.", command=FETCH)
        return
    broken = _broken(workspace.config_file)
    if broken:
        yield broken
        return
    yield from _keys_in_clear(workspace.config_file)
    rows = read_models(workspace)
    if not rows:
        yield finding(
            "config.there",
            "error",
            "The list of models beside config.yaml is missing or damaged.",
            command=FETCH,
        )
        return
    count = counted(sum(bool(r["written"]) for r in rows), "model")
    yield finding("config.there", "ok", f"config.yaml names {count}.")
    yield _edited(workspace.config_file)
    yield _current(facts)
    if facts.record:
        yield _served(facts, facts.record.fingerprint)


def _broken(path: str) -> Finding | None:
    from freerouter.config.yaml_file import read_yaml

    try:
        document = read_yaml(path)
    except FreeRouterError as error:
        return from_error("config.there", error, FETCH)._replace(fix="")
    if isinstance(document.data, dict) and isinstance(document.data.get("model_list"), list):
        return None
    return finding("config.there", "error", "config.yaml lists no models.", command=FETCH)


def _keys_in_clear(path: str) -> Iterator[Finding]:
    """The original wrote keys into it; what we write never holds one."""
    if not fingerprint_of(path) and holds_keys(text_in(path)):
        what = "config.yaml holds keys in clear: it was written by an earlier FreeRouter."
        yield finding("config.keys", "warn", what, command=MIGRATE)


def _edited(path: str) -> Finding:
    name = "config.edited"
    if is_as_written(path):
        return finding(name, "ok", "config.yaml is as it was written.")
    return finding(
        name,
        "warn",
        "config.yaml was changed by hand.",
        "The next fetch writes it anew.",
        fix="Put settings of your own under `litellm:` in providers.yaml.",
        command=FETCH,
    )


def _current(facts: Facts) -> Finding:
    name = "config.current"
    if facts.file is None or len(facts.accounts) != len(facts.file.enabled):
        return finding(name, "skipped", "Whether it is up to date shows once providers.yaml is.")
    asked = read_suffixes(facts.ctx.workspace)
    new = [a.label for a in facts.accounts if a.name not in asked]
    if new:
        what = f"The last fetch did not ask {', '.join(new)}."
        return finding(name, "warn", what, command=FETCH)
    try:
        text = _generated(facts, facts.file)
    except FreeRouterError as error:
        return from_error(name, error)
    expected = text.partition(FINGERPRINT)[2].partition("\n")[0]
    if expected == fingerprint_of(facts.ctx.workspace.config_file):
        return finding(name, "ok", "config.yaml is what providers.yaml asks for.")
    return finding(
        name,
        "warn",
        "config.yaml is not what providers.yaml asks for any more.",
        "providers.yaml or a key has changed after the last fetch.",
        command=FETCH,
    )


def _generated(facts: Facts, file: ProvidersFile) -> str:
    """config.yaml as `fetch` would write it if the providers answered what they answered last."""
    lists = last_lists(facts.ctx.workspace)
    parts = parts_of([(a, lists.get(a.name, [])) for a in facts.accounts], file.select, file.spend)
    parts = with_keys(parts, {one.entry.name: one.others for one in facts.resolved})
    return present_text(facts.ctx.workspace, file, parts)


def _served(facts: Facts, started_with: str) -> Finding:
    name = "config.served"
    if started_with == fingerprint_of(facts.ctx.workspace.config_file):
        return finding(name, "ok", "The gateway runs with it.")
    return finding(
        name,
        "warn",
        "config.yaml has changed since the gateway was started.",
        "`freerouter diff --running` tells what is different.",
        command=("reload",),
    )
