"""One configured provider, resolved: its record, address and key, ready to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from freerouter.config import variables
from freerouter.config.providers_file import variable_part
from freerouter.config.secrets import clean_key
from freerouter.errors import FileError, NotConfiguredError, NotFoundError, UsageError

if TYPE_CHECKING:
    from freerouter.config.providers_file import Entry
    from freerouter.config.secrets import Secrets
    from freerouter.providers.catalogue import Catalogue, Provider


class Account(NamedTuple):
    """`key` is the value itself: it goes into requests and nowhere else. `key_name` names it."""

    provider: Provider
    entry: Entry
    base_url: str
    key: str = ""
    key_name: str = ""
    suffix: str = ""
    """What the server wanted after the address that the user gave; `base_url` ends in it."""

    def under(self, suffix: str) -> Account:
        if not suffix or self.base_url.endswith(suffix):
            return self
        return self._replace(base_url=self.base_url + suffix, suffix=suffix)

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def label(self) -> str:
        """What people call it."""
        same = self.entry.name == self.provider.id
        return self.provider.name if same else self.entry.name

    @property
    def base_name(self) -> str:
        """The variable that carries an address which holds a password, or may hold a secret."""
        secret = self._login or variables.names(self.entry.api_base)
        return f"FREEROUTER_BASE_{variable_part(self.name)}" if secret else ""

    def secrets(self) -> dict[str, str]:
        """What must never be shown, by the names of the variables that carry it."""
        found = {self.key_name: self.key} if self.key else {}
        password = self._login.partition(":")[2] or self._login
        return {**found, self.base_name: password} if password else found

    @property
    def _login(self) -> str:
        """`user:password`, where the address holds it."""
        return self.base_url.partition("://")[2].partition("/")[0].rpartition("@")[0]

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def resolve(entry: Entry, catalogue: Catalogue, secrets: Secrets) -> Account:
    """Raises with the entry's place in the file where its type, address or key is missing."""
    try:
        provider = catalogue.get(entry.type)
    except NotFoundError as error:
        raise FileError(
            f'{entry.place}: unknown provider type "{entry.type}".', fix=error.fix
        ) from None
    base = _expand(entry, "api_base", secrets) or provider.base_url
    if not base and not provider.fixed:
        raise FileError(
            f"{entry.place}: {entry.name} has no address.", fix="Add `api_base: http://…/v1`."
        )
    if provider.fixed and not provider.models and not (entry.model_name and entry.provider):
        raise FileError(
            f"{entry.place}: a static model needs `model_name` and `provider`.",
            fix="For example: model_name: gpt-4o-mini, provider: openai.",
        )
    if base and not _is_web_address(base):
        raise FileError(
            f"{entry.place}: the api_base of {entry.name} is not a web address.",
            fix="It starts with http:// or https://.",
        )
    key, name = _key(entry, provider, secrets)
    return Account(provider, entry, base.rstrip("/"), key, name)


def _is_web_address(base: str) -> bool:
    try:
        parts = urlsplit(base)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535, an unclosed bracket
        return False


def _key(entry: Entry, provider: Provider, secrets: Secrets) -> tuple[str, str]:
    """The key and the variable that will carry it to the engine."""
    if provider.key == "none":
        return "", ""
    own = f"FREEROUTER_KEY_{variable_part(entry.name)}"
    if entry.api_key:
        value, name = _expand(entry, "api_key", secrets), variables.whole(entry.api_key) or own
    else:
        name = next((n for n in provider.env if secrets.get(n)), "")
        value = (secrets.get(name) or "") if name else ""
    if not value and provider.key == "required":
        wanted = " or ".join(provider.env) or "api_key"
        raise NotConfiguredError(
            f"{provider.name} needs a key, and {wanted} is not set.",
            f"{entry.place}.",
            f"`keys set {entry.name}` stores one. {provider.key_help()}".strip(),
        )
    if not value:
        return "", ""
    try:
        return clean_key(value), name
    except UsageError as error:
        raise NotConfiguredError(
            f"The key of {provider.name} ({name}) cannot be used: {error.what}",
            error.why,
            f"`keys set {entry.name}` stores another one.",
        ) from None


def _expand(entry: Entry, field: str, secrets: Secrets) -> str:
    text: str = getattr(entry, field)
    try:
        return variables.expand(text, secrets.get)
    except variables.UnsetVariable as error:
        name = error.args[0]
        fix = f"`keys set {entry.name}` stores it" if field == "api_key" else f"Set {name}"
        raise NotConfiguredError(
            f"{entry.name} needs ${{{name}}}, which is not set.",
            f"{entry.place}: it is neither in the environment nor in .env.",
            f"{fix}, or switch the provider off with `enabled: false`.",
        ) from None
