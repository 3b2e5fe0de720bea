"""What is different between two states of providers.yaml and config.yaml, by what they mean.

Both states come without secrets (`backups.present`, `Backup.read`).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.backups import CONFIG, PROVIDERS
from freerouter.config.state import FINGERPRINT
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODELS = "\nmodel_list:\n"
PRICES = {"input_cost_per_token": "input_price", "output_cost_per_token": "output_price"}
FIELDS = {
    "freerouter_provider": "provider",
    "freerouter_free": "free",
    "freerouter_alias": "alias",
    "max_input_tokens": "context",
    "max_output_tokens": "output",
    **PRICES,
}
"""Of a deployment, what is told; prices in USD per million tokens."""
PLACE = ("litellm_params.order", "litellm_params.weight")
"""What says where a member of an alias stands."""
OF_ALIASES = "router_settings.model_group_retry_policy."
"""Settings that come and go with an alias, which is told itself."""
Deployment = dict[str, str]


class Change(NamedTuple):
    """Something in one file. `old` or `new` is None where it is not there."""

    file: str
    name: str
    old: Any
    new: Any


class Differences(NamedTuple):
    """By deployment, with `model` as its name: what came, what went, and what is otherwise now."""

    new: tuple[Deployment, ...] = ()
    gone: tuple[Deployment, ...] = ()
    changed: tuple[tuple[Deployment, Deployment], ...] = ()
    settings: tuple[Change, ...] = ()
    """Of providers.yaml by name (`openrouter.enabled`, `gateway.port`), and of config.yaml."""
    aliases: tuple[str, ...] = ()
    """Names that have other members now, or in another order."""
    unreadable: tuple[str, ...] = ()
    """Files that are different, and no YAML in one of the two states."""

    def __bool__(self) -> bool:
        return any(self)


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> Differences:
    """From one state to another, by the names of their files. A file that only one has counts as
    a change where both say that they are whole.
    """
    settings: list[Change] = []
    found = Differences()
    unreadable: list[str] = []
    before, now = old.get(PROVIDERS), new.get(PROVIDERS)
    if before is not None and now is not None and before != now:
        try:
            settings += _changes(PROVIDERS, _wanted(before), _wanted(now))
        except FileError:
            unreadable.append(PROVIDERS)
    before, now = old.get(CONFIG), new.get(CONFIG)
    if before is not None and now is not None and before != now:
        try:
            (models, rest), (models_now, rest_now) = _parts(before, now)
            changes = _changes(CONFIG, rest, rest_now)
            settings += [c for c in changes if not c.name.startswith(OF_ALIASES)]
            found = _models(models, models_now)
        except FileError:
            unreadable.append(CONFIG)
    return found._replace(settings=tuple(settings), unreadable=tuple(unreadable))


def deployments_of(text: str) -> list[Deployment]:
    """The models of a config.yaml under their own names, without those of aliases."""
    (models, _), _ = _parts(text, "")
    return [row for item in models.items() if "alias" not in (row := _told(*item))]


def _wanted(text: str) -> dict[str, Any]:
    """The names and values of a providers.yaml; those of a provider begin with its name."""
    data = _map(text, PROVIDERS)
    rows = data.pop("providers", None) or []
    flat: dict[str, Any] = {}
    order: dict[str, int] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict):
            continue
        name = str(row.get("name") or row.get("type"))
        order[name] = order.get(name, 0) + 1
        name += f"-{order[name]}" if order[name] > 1 else ""
        flat[f"provider {name}"] = str(row.get("type"))
        flat |= dict(_flat({"enabled": True, **row}, f"{name}.", ("type", "name")))
    for name, ids in (data.pop("select", None) or {}).items():
        flat[f"select.{name}"] = ids
    return {**flat, **dict(_flat(data, ""))}


def _flat(data: Mapping[Any, Any], before: str, without: tuple[str, ...] = ()) -> Iterator[Any]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif key not in without and value is not None:
            yield f"{before}{key}", value


def _changes(file: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What is different, in the order of the file; of a provider that came or went, only that."""
    names = [*old, *(name for name in new if name not in old)]
    changes = [Change(file, n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]
    whole = {c.name.removeprefix("provider ") for c in changes if c.name.startswith("provider ")}
    return [c for c in changes if not any(c.name.startswith(f"{name}.") for name in whole)]


def _parts(old: str, new: str) -> tuple[tuple[dict[str, str], dict[str, Any]], ...]:
    """Of two config.yaml the deployments as text, by id, and everything else as names and values.

    The texts that both have are left out, which is most of them most of the time.
    """
    pieces = [_pieces(old), _pieces(new)]
    same = set(pieces[0][0]) & set(pieces[1][0])
    return tuple(
        ({_id_of(c, n): c for n, c in enumerate(chunks) if c not in same}, dict(_flat(rest, "")))
        for chunks, rest in pieces
    )


def _pieces(text: str) -> tuple[list[str], dict[str, Any]]:
    """The entries of model_list as text, and the rest as data."""
    if FINGERPRINT in text[:1000] and f"{MODELS}- " in text:
        head, _, tail = text.partition(MODELS)
        end = re.search(r"^(?=[^- \n])", tail, re.MULTILINE)
        models, rest = (tail[: end.start()], tail[end.start() :]) if end else (tail, "")
        return f"\n{models}".rstrip("\n").split("\n- ")[1:], _map(f"{head}\n{rest}", CONFIG)
    data = _map(text, CONFIG)
    rows = data.pop("model_list", None) or []
    return ["\n  ".join(_as_lines(row)) for row in rows if isinstance(row, dict)], data


def _as_lines(row: Mapping[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield f"{name}:"
            yield from (f"  {key}: {_scalar(item)}" for key, item in value.items())
        else:
            yield f"{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    """As YAML has it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def _map(text: str, name: str) -> dict[str, Any]:
    data = parse_yaml(text.encode("utf-8", "surrogateescape"), name).data
    if data is not None and not isinstance(data, dict):
        raise FileError(f"{name} is no map.")
    return data or {}


def _id_of(chunk: str, number: int) -> str:
    _, _, rest = chunk.partition("\n    id: ")
    return _bare(rest.partition("\n")[0]) or f"{_bare(chunk.partition(chr(10))[0])} {number}"


def _models(old: Mapping[str, str], new: Mapping[str, str]) -> Differences:
    before = {name: _told(name, chunk) for name, chunk in old.items()}
    now = {name: _told(name, chunk) for name, chunk in new.items()}
    return Differences(
        tuple(row for name, row in now.items() if name not in before and "alias" not in row),
        tuple(row for name, row in before.items() if name not in now and "alias" not in row),
        tuple(
            (row, now[name]) for name, row in before.items() if name in now and "alias" not in row
        ),
        aliases=_rearranged(before, now),
    )


def _rearranged(before: Mapping[str, Deployment], now: Mapping[str, Deployment]) -> tuple[str, ...]:
    """The aliases whose members came, went, or stand at another place."""
    places = [
        {name: tuple(map(row.get, PLACE)) for name, row in rows.items() if "alias" in row}
        for rows in (before, now)
    ]
    other = {n for n in {*places[0], *places[1]} if places[0].get(n) != places[1].get(n)}
    return tuple(sorted({(now.get(n) or before[n])["alias"] for n in other}))


def _told(name: str, chunk: str) -> Deployment:
    """A deployment's fields, and its `params`: how LiteLLM calls it."""
    found = {"id": name}
    section = ""
    for line in chunk.split("\n"):
        key, colon, value = line.strip().partition(":")
        if line[:4] != "    ":
            section = key
            if key == "model_name":
                found["model"] = _bare(value.strip())
        elif section == "litellm_params":
            if colon:
                found[f"litellm_params.{key}"] = _bare(value.strip())
        elif section == "model_info" and key in FIELDS:
            text = _bare(value.strip())
            found[FIELDS[key]] = _per_million(text) if key in PRICES else text
    return found


def _bare(text: str) -> str:
    """A scalar without its quotes."""
    quote = text[:1]
    if quote in ("'", '"') and len(text) > 1 and text[-1] == quote:
        return text[1:-1].replace("''", "'") if quote == "'" else text[1:-1]
    return text


@lru_cache(maxsize=4096)
def _per_million(text: str) -> str:
    try:
        return f"{(Decimal(text) * 1_000_000).normalize():f}"
    except InvalidOperation:
        return text
