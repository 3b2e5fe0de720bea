"""A config.yaml that something else wrote (the original FreeRouter, say), as one of ours.

Keys that stand in it in clear become references to variables that the gateway is started with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.backups import CONFIG
from freerouter.config.generate import environment, worded
from freerouter.config.hiding import secrets_of
from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import MASTER_KEY, ensure_master_key, load_secrets
from freerouter.config.state import FINGERPRINT
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, FreeRouterError
from freerouter.providers.configured import configured_accounts
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.commands.backups import Found
    from freerouter.context import Context

OLD_PLACE = "litellm_settings"
"""Where the original put the gateway's key, and LiteLLM does not look for it."""


def adopted(ctx: Context, found: Found) -> Found:
    """The file with references for keys. Raises where a key is none that we know."""
    text = found.texts.get(CONFIG, "")
    raw = text.encode("utf-8", "surrogateescape")
    clear = secrets_of(raw)
    if not text or (FINGERPRINT in text[:1000] and not clear):
        return found
    data = parse_yaml(raw, found.name).data
    for section in (OLD_PLACE, "general_settings"):
        if not isinstance(data.setdefault(section, {}), dict):
            raise FileError(f"{found.name}: {section} is no map.")
        clear.discard(str(data[section].pop("master_key", "")))
    names = _names(ctx)
    unknown = clear - names.keys()
    if unknown:
        raise FileError(
            f"{found.name} holds {counted(len(unknown), 'key')} in clear that providers.yaml does "
            "not name.",
            "Keys never go into config.yaml, so nothing was changed.",
            "`keys set PROVIDER` stores a key, then try again; or `fetch` writes config.yaml anew.",
        )
    return found._replace(texts={CONFIG: worded(_by_reference(data, names))})


def _names(ctx: Context) -> dict[str, str]:
    """The variables that the gateway is started with, by their values."""
    try:
        master = {MASTER_KEY: ensure_master_key(ctx)}
        file = load_providers(ctx.workspace)
        values = environment(file, configured_accounts(ctx, file), load_secrets(ctx))
    except FreeRouterError:
        return {}
    return {value: name for name, value in {**values, **master}.items()}


def _by_reference(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _by_reference(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_by_reference(item, names) for item in value]
    if isinstance(value, str) and value in names:
        return f"os.environ/{names[value]}"
    return value
