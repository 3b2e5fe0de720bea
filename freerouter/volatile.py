"""What differs from run to run says so: a port, a process id, a duration, a version.

Whoever words a text marks such a part; what is shown or printed is freed of the marks, and a
recording makes typed placeholders of them. The marks are characters that no text has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

_BEGIN, _VALUE, _END = "\ue0f0", "\ue0f1", "\ue0f2"
_NUMBER = "\ue0f3"
_KINDS = {
    "pid": "int",
    "age": "int",
    "stored_age": "int",
    "verdict_age": "int",
    "port": "port",
    "free_port": "port",
    "uptime": "float",
    "proven": "date",
    "memory": "int",
    "seconds": "float",
    "first_token": "float",
    "engine": "version",
    "python": "version",
    "freerouter": "version",
    "kept_in": "path",
    "platform": "any",
    "unit": "any",
    "resets_at": "any",
    "resets_in": "int",
    "out_at": "any",
    "said_at": "any",
}
"""The fields of results that differ from run to run."""
_FROM_ZERO = ("uptime", "age", "stored_age", "verdict_age")
"""Those that may be 0 without being absent."""


class Part(NamedTuple):
    """A piece of a text; `kind` is "" for what stays the same."""

    text: str
    kind: str = ""


def volatile(kind: str, value: object) -> str:
    """A value of a kind of `.frs`: int, float, word, path, port, duration, version, date, any."""
    return f"{_BEGIN}{kind}{_VALUE}{value}{_END}"


def plain(text: str) -> str:
    """The text as it is shown."""
    return text if _BEGIN not in text else "".join(part.text for part in parts(text))


def parts(text: str) -> list[Part]:
    """The text in pieces, the volatile ones with their kinds."""
    found = []
    while text:
        before, begin, rest = text.partition(_BEGIN)
        if before:
            found.append(Part(before))
        if not begin:
            break
        inside, _, text = rest.partition(_END)
        kind, _, value = inside.partition(_VALUE)
        found.append(Part(value, kind))
    return found


def volatile_url(url: str) -> str:
    """A web address with its port marked, where it names one."""
    scheme, mark, rest = url.partition("://")
    server, slash, path = rest.partition("/")
    host, colon, port = server.rpartition(":")
    if not (colon and port.isdigit()):
        return url
    return f"{scheme}{mark}{host}:{volatile('port', port)}{slash}{path}"


def marked(data: Any, field: str = "") -> Any:
    """A result's data with everything volatile marked, by the names of its fields."""
    if isinstance(data, dict):
        return {name: marked(value, name) for name, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [marked(value) for value in data]
    if isinstance(data, str) and data.startswith("http://127.0.0.1:"):
        return volatile_url(data)
    absent = data in (None, "") or (data == 0 and field not in _FROM_ZERO)
    if field not in _KINDS or absent or isinstance(data, bool):
        return data
    mark = volatile(_KINDS[field], data)
    return mark if isinstance(data, str) else f"{_NUMBER}{mark}{_NUMBER}"


def bare(text: str) -> str:
    """JSON of marked data: numbers without the quotes that their marks brought."""
    return text.replace(f'"{_NUMBER}', "").replace(f'{_NUMBER}"', "")
