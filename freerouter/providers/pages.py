"""Where a list goes on: a link, a token, the last id, or a page's number, as its record says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TOKEN = 2000


def next_url(rule: Any, url: str, data: Any, new: int) -> str:
    """The address of the page after this one, "" where it was the last. `new`: rows it brought.

    A rule is the path of a link, a map, or a list of those to look at in turn.
    """
    for one in rule if isinstance(rule, list) else [rule] if rule else []:
        found = _linked(one, url, data) if isinstance(one, str) else _turned(one, url, data, new)
        if found:
            return found
    return ""


def _linked(path: str, url: str, data: Any) -> str:
    link = dig(data, path)
    return urljoin(url, link) if isinstance(link, str) and link else ""


def _turned(rule: Mapping[str, str], url: str, data: Any, new: int) -> str:
    if "link" in rule:
        return _linked(rule["link"], url, data)
    if "more" in rule and dig(data, rule["more"]) is not True:
        return ""
    if "token" in rule:
        token = dig(data, rule["token"])
        right = isinstance(token, str | int) and not isinstance(token, bool)
        if not right or not token or len(str(token)) > LONGEST_TOKEN:
            return ""
        return _with(url, rule["param"], str(token))
    number = _number(url, rule["page"])
    last = dig(data, rule["pages"]) if "pages" in rule else None
    if new <= 0 or (isinstance(last, int | float) and not number < last):
        return ""
    return _with(url, rule["page"], str(number + 1))


def _number(url: str, name: str) -> int:
    given = dict(parse_qsl(urlsplit(url).query)).get(name, "1")
    return int(given) if given.isdigit() else 1


def _with(url: str, name: str, value: str) -> str:
    """The address with one of its parameters set."""
    parts = urlsplit(url)
    given = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if n != name]
    return urlunsplit(parts._replace(query=urlencode([*given, (name, value)])))
