"""What a workspace's files mean together: with the catalogue, the keys, and what was fetched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH, weak_key_fix
from freerouter.config.state import FINGERPRINT, is_as_written
from freerouter.config.validation.findings import Finding, Hit, Mend
from freerouter.config.validation.providers import placed_entries
from freerouter.errors import FreeRouterError, NotFoundError
from freerouter.process.launch import STRONG
from freerouter.process.port import is_loopback
from freerouter.providers.several import resolve_each

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.secrets import Secrets
    from freerouter.config.validation.litellm import Config
    from freerouter.config.validation.reading import Read
    from freerouter.context import Context
    from freerouter.providers.catalogue import Catalogue


def check_providers(
    file: ProvidersFile, catalogue: Catalogue, secrets: Secrets, unset: Collection[object]
) -> Iterator[Hit]:
    """Each provider that is on, held against its record. `unset`: paths of variables that are not
    set, so that a provider is told of once.
    """
    unknown: dict[str, str] = {}
    for here, entry in placed_entries(file):
        if not entry.enabled:
            continue
        what = f'there is no provider of the type "{entry.type}".'
        if entry.type in unknown:
            yield Hit("unknown-provider", (*here, "type"), what, unknown[entry.type])
            continue
        try:
            record = catalogue.get(entry.type)
        except NotFoundError as error:
            unknown[entry.type] = error.fix
            yield Hit("unknown-provider", (*here, "type"), what, error.fix)
            continue
        except FreeRouterError as error:
            yield Hit("unresolved-provider", here, error.what, error.fix)
            continue
        if record.retired:
            what = f"{record.name} is retired: {record.status_note}."
            yield Hit("retired-provider", here, what, "Write `enabled: false` at it.")
        if any(isinstance(p, tuple) and p[: len(here)] == here for p in unset):
            continue
        try:
            resolve_each(entry, catalogue, secrets)
        except FreeRouterError as error:
            what = error.what.removeprefix(f"{entry.place}: ")
            yield Hit("unresolved-provider", here, what, error.fix)


def check_gateway(file: ProvidersFile, ctx: Context, secrets: Secrets) -> Iterator[Hit]:
    """Where the gateway would listen, and behind which key. None yet is made when it starts."""
    try:
        key = secrets.get(MASTER_KEY)
    except FreeRouterError:  # a keyring that does not open is no fault of the file
        key = None
    host, _ = file.address(ctx.environ)
    fix = weak_key_fix(secrets)
    if key is not None and not is_loopback(host) and len(key) < STRONG:
        what = f"the gateway would listen on {host} behind a weak key."
        yield Hit("open-bind", ("gateway", "host"), what, f"{fix} Or listen on 127.0.0.1.")
    elif key is not None and len(key) < STRONG_KEY_LENGTH:
        what = f"the gateway's key in {MASTER_KEY} is too weak ({len(key)} characters)."
        yield Hit("weak-key", (), what, fix)


def check_prefixes_of(config: Config, catalogue: Catalogue) -> Iterator[Hit]:
    """Providers of a LiteLLM config that have been shut: those whose prefix is their name."""
    known = frozenset(catalogue.ids())
    for number, _, params in config.deployments:
        prefix, slash, _ = str(params.get("model")).partition("/")
        if slash and prefix in known and catalogue.get(prefix).retired:
            record = catalogue.get(prefix)
            here = (*config.under, "model_list", number, "litellm_params", "model")
            what = f"{record.name} is retired: {record.status_note}."
            yield Hit("retired-provider", here, what, "Take the model out.")


def check_written(read: Read) -> Iterator[Finding]:
    """A config.yaml of ours that was changed after `fetch` had written it."""
    if FINGERPRINT in read.text[:1000] and not is_as_written(read.path):
        line = read.text[: read.text.index(FINGERPRINT)].count("\n") + 1
        what = "this file was changed by hand, and the next fetch writes it anew."
        fix = "Put settings of your own under `litellm:` in providers.yaml."
        yield Finding("edited-config", read.name, line, 1, what, fix)


def check_current(ctx: Context, read: Read) -> Iterator[Finding]:
    """Whether config.yaml is what providers.yaml asks for."""
    from freerouter.commands.writing import is_current

    if not is_current(ctx):
        what = "this is not what providers.yaml asks for any more."
        yield Finding("stale-config", read.name, 1, 1, what, "`freerouter fetch` writes it anew.")


def check_mode(path: str, name: str) -> Iterator[Finding]:
    """Whether others on this machine may read a file that holds secrets."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return
    if os.name == "posix" and mode & 0o077:
        what = f"others on this machine can read it (mode {mode:03o}), and it holds secrets."
        fix = "`freerouter validate --fix` takes the rights away, as `chmod 600` does."
        yield Finding("exposed-file", name, 1, 1, what, fix, Mend("mode"))
