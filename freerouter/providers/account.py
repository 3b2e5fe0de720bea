"""One configured provider, resolved: its record, address and key, ready to be asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from freerouter.config import variables
from freerouter.config.providers_file import variable_part
from freerouter.config.secrets import clean_key
from freerouter.errors import FileError, NotConfiguredError, NotFoundError, UsageError
from freerouter.limits import Limits, limits_of

if TYPE_CHECKING:
    from freerouter.config.providers_file import Entry
    from freerouter.config.secrets import Secrets
    from freerouter.providers.catalogue import Catalogue, Provider


class Param(NamedTuple):
    """A further setting for LiteLLM; `variable` carries it where it is a secret."""

    name: str
    value: str
    variable: str = ""


class Account(NamedTuple):
    """`key` is the value itself: it goes into requests and nowhere else. `key_name` names it."""

    provider: Provider
    entry: Entry
    base_url: str
    key: str = ""
    key_name: str = ""
    suffix: str = ""
    """What the server wanted after the address that the user gave; `base_url` ends in it."""
    params: tuple[Param, ...] = ()
    surely: bool = True
    """Whether what answers there is what it is taken for, or must show signs of it."""
    number: int = 1
    """Which of its several keys this is."""

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
        label = self.provider.name if same else self.entry.name
        return label if self.number == 1 else f"{label} (key {self.number})"

    @property
    def title(self) -> str:
        """Its name, and which of its keys is meant."""
        return self.name if self.number == 1 else f"{self.name}#{self.number}"

    @property
    def base_name(self) -> str:
        """The variable that carries an address which holds a password, or may hold a secret."""
        secret = self._login or variables.names(self.entry.api_base)
        return f"FREEROUTER_BASE_{variable_part(self.name)}" if secret else ""

    def secrets(self) -> dict[str, str]:
        """What must never be shown, by the names of the variables that carry it."""
        found = {self.key_name: self.key} if self.key else {}
        found |= {param.variable: param.value for param in self.params if param.variable}
        password = self._login.partition(":")[2] or self._login
        return {**found, self.base_name: password} if password else found

    @property
    def _login(self) -> str:
        """`user:password`, where the address holds it."""
        return self.base_url.partition("://")[2].partition("/")[0].rpartition("@")[0]

    @property
    def where(self) -> str:
        """What stands in the address where the record leaves it to the user: a region, say."""
        return _where(self.provider, self.base_url)

    @property
    def engine_url(self) -> str:
        """The address as LiteLLM wants it."""
        rule = self.provider.litellm
        url = self.base_url.removesuffix(rule.get("strip", ""))
        if "swap" in rule:
            url = url.replace(*rule["swap"])
        return f"{url}{rule.get('add', '')}"

    @property
    def plan(self) -> str:
        """What the user says of the account: free, paid or nothing."""
        return str(self.entry.options.get("plan") or "")

    @property
    def limits(self) -> Limits:
        """What may be used: the user's word, else the record's, which is of the free plan."""
        notes = () if self.plan == "paid" else self.provider.limits
        return Limits(
            (limit for note in notes for limit in limits_of(note, "catalogue")), self.entry.limits
        )

    @property
    def may_be_billed(self) -> bool:
        """What is free there is so on the free plan only, and nobody said that this is on it."""
        return bool(self.provider.free.get("by_plan")) and self.plan != "free"

    def deployment(self, model: str) -> str:
        """What the gateway knows the model as that is called with this key."""
        return f"{self.name}/{model}" + (f"#{self.number}" if self.number > 1 else "")

    def url(self, path: str) -> str:
        """An address below the provider's; `../` leads up from there."""
        if path.startswith("../"):
            return urljoin(f"{self.base_url}/", path)
        return self.base_url + path

    def headers(self, url: str = "") -> dict[str, str]:
        """What carries the key. Where a request is signed, `url` is what is signed."""
        rule = self.provider.auth
        also = dict(rule.get("also", {}))
        if self.key:
            name = rule.get("header")
            carried = {name: self.key} if name else {"Authorization": f"Bearer {self.key}"}
            return {**also, **carried}
        if rule.get("instead") and self.params:
            from freerouter.providers.aws import signed

            return {**also, **signed(self, url)}
        return also


def _where(provider: Provider, base: str) -> str:
    before, _, after = provider.where.get("url", "").partition("{}")
    match = re.match(f"{re.escape(before)}([^/?#]+?){re.escape(after)}(?:/|$)", base)
    return match.group(1) if match and before else ""


def address_at(provider: Provider, where: str) -> str:
    """The address with the user's own part filled in, which may also be the whole of it."""
    return where if "://" in where else provider.where["url"].replace("{}", where)


def region_of(entry: Entry, provider: Provider) -> str:
    """The region that the entry names; "" for the usual one."""
    named = entry.options.get("region") or ""
    if named and named not in provider.regions:
        known = ", ".join(provider.regions) or "it has none"
        raise FileError(
            f'{entry.place}: {provider.name} has no region "{named}".', fix=f"Known: {known}."
        )
    return str(named)


def shown_base(provider: Provider) -> str:
    """The record's own address, with what is filled in where nothing is set."""
    try:
        return variables.expand(provider.base_url, lambda _name: None)
    except variables.UnsetVariable:
        return provider.base_url


def resolve(entry: Entry, catalogue: Catalogue, secrets: Secrets) -> Account:
    """Raises with the entry's place in the file where its type, address or key is missing."""
    try:
        provider = catalogue.get(entry.type)
    except NotFoundError as error:
        raise FileError(
            f'{entry.place}: unknown provider type "{entry.type}".', fix=error.fix
        ) from None
    if entry.keys and not entry.api_key:
        entry = entry._replace(api_key=entry.keys[0])
    region = region_of(entry, provider)
    base = _expand(entry, "api_base", secrets) or provider.regions.get(region, "")
    base = base or _own_base(entry, provider, secrets)
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
    base = base.rstrip("/")
    params = _params(provider, base, secrets)
    if key:  # which does as well as what signs
        params = tuple(param for param in params if not param.variable)
    return Account(provider, entry, base, key, name, params=params)


def _own_base(entry: Entry, provider: Provider, secrets: Secrets) -> str:
    """The record's address. Raises where the user's part of it is nowhere."""
    try:
        return variables.expand(provider.base_url, secrets.get)
    except variables.UnsetVariable as error:
        variable = error.args[0]
        what = provider.where.get("name", "address")
        raise NotConfiguredError(
            f"{provider.name} needs your {what}, and {variable} is not set.",
            f"{entry.place}: it is neither in the environment nor in .env.",
            f"`providers add {provider.id} --at …` keeps it in providers.yaml.",
        ) from None


def _params(provider: Provider, base: str, secrets: Secrets) -> tuple[Param, ...]:
    """What LiteLLM is told besides, without that which is not set."""
    found = []
    for name, text in provider.litellm.get("params", {}).items():
        if text == "{where}":
            variable = provider.where.get("variable", "")
            value = _where(provider, base) or secrets.get(variable) or provider.where["default"]
            found.append(Param(name, value))
            continue
        try:
            value = variables.expand(text, secrets.get)
        except variables.UnsetVariable:
            continue
        found.append(Param(name, value, variables.whole(text) or ""))
    return tuple(found)


def has_instead(provider: Provider, secrets: Secrets) -> bool:
    """Whether what does as well as a key is set."""
    names = provider.auth.get("instead", ())
    return bool(names) and all(secrets.get(name) for name in names)


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
    if not value and provider.key == "required" and not has_instead(provider, secrets):
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
