"""Secrets that stand in settings themselves, and the variables that are to stand there instead."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from freerouter.config import variables
from freerouter.config.providers_file import variable_part
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Path = tuple[str | int, ...]

NO_KEYS = frozenset(("", "-", "none", "null", "no-key", "not-needed", "dummy", "empty", "ollama"))
"""What people write where a key is wanted and none is needed."""
ENGINE = "os.environ/"
"""How LiteLLM's files begin a reference."""
_NAMED = re.compile(
    r"(?:^|_)(?:api_?key|key|token|secret|password|passwd|dsn|database_url)$", re.IGNORECASE
)
_SHAPED = re.compile(KEY_SHAPES)


class Clear(NamedTuple):
    """A secret that stands somewhere itself: where, and the variable that is to hold it."""

    path: Path
    variable: str
    value: str


def is_key(value: Any) -> bool:
    """Whether it is a key itself: no reference to one, and no word for none."""
    if not isinstance(value, str) or value.strip().lower() in NO_KEYS:
        return False
    return not variables.names(value) and not value.startswith(ENGINE)


def names_a_secret(name: str) -> bool:
    """Whether a setting or a variable of that name holds a secret, as names go."""
    return bool(_NAMED.search(name))


def variable_name(text: str) -> str:
    """A name that `${NAME}` can hold."""
    name = re.sub("[^A-Z0-9_]", "_", text.upper())
    return f"KEY_{name}" if name[:1].isdigit() or not name else name


def in_clear(
    data: Mapping[str, Any],
    usual: Callable[[Mapping[str, Any]], str],
    known: Mapping[str, str],
) -> list[Clear]:
    """Every secret of a providers.yaml that stands there itself, in the order of the file.

    `usual` names the variable of a provider's key; `known` are the variables that are set. One
    that holds something else already is left alone, and the key gets another name.
    """
    names = dict(known)
    found = []
    for path, wanted, value in _places(data, usual):
        name = _free(variable_name(wanted), value, names)
        names[name] = value
        found.append(Clear(path, name, value))
    return found


def by_reference(data: Mapping[str, Any], clear: Iterable[Clear]) -> dict[str, Any]:
    """The data with `${NAME}` where a secret stood."""
    changed: dict[str, Any] = copy.deepcopy(dict(data))
    for path, variable, _ in clear:
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = f"${{{variable}}}"
    return changed


def wanted_variables(data: Any) -> list[str]:
    """The variables that stand in the data without a default, sorted."""
    return sorted(set(_without_default(data)))


def _without_default(data: Any) -> Iterator[str]:
    if isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _without_default(item)
    elif isinstance(data, str):
        for name in variables.names(data):
            if f"${{{name}:-" not in data:
                yield name


def _places(
    data: Mapping[str, Any], usual: Callable[[Mapping[str, Any]], str]
) -> Iterator[tuple[Path, str, str]]:
    for number, row in enumerate(data.get("providers") or ()):
        place: Path = ("providers", number)
        name = str(row.get("name") or row.get("type") or "provider")
        if is_key(row.get("api_key")):
            yield (*place, "api_key"), usual(row), row["api_key"]
        for which, key in enumerate(row.get("keys") or (), 1):
            if is_key(key):
                first = which == 1 and not row.get("api_key")
                yield (
                    (*place, "keys", which - 1),
                    usual(row) if first else f"{usual(row)}_{which + bool(row.get('api_key'))}",
                    key,
                )
        if _has_login(row.get("api_base")):
            yield (*place, "api_base"), f"{variable_part(name)}_API_BASE", row["api_base"]
        yield from _nested(row.get("options"), (*place, "options"), variable_part(name))
    yield from _nested(data.get("litellm"), ("litellm",), "LITELLM")


def _nested(value: Any, path: Path, prefix: str) -> Iterator[tuple[Path, str, str]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _nested(item, (*path, key), f"{prefix}_{variable_part(str(key))}")
    elif _is_secret(str(path[-1]), value):
        yield path, prefix, value


def _is_secret(name: str, value: Any) -> bool:
    if not is_key(value):
        return False
    return bool(names_a_secret(name) or _SHAPED.fullmatch(value) or _has_login(value))


def _has_login(value: Any) -> bool:
    """Whether it is an address that holds a password."""
    if not is_key(value) or "://" not in value:
        return False
    try:
        return bool(urlsplit(value).password)
    except ValueError:
        return False


def _free(wanted: str, value: str, names: Mapping[str, str]) -> str:
    name, number = wanted, 0
    while names.get(name, value) != value:
        number += 1
        name = f"{wanted}_OLD{number if number > 1 else ''}"
    return name
