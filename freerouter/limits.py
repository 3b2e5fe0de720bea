"""What an account may use in which time: its shape, its clock, and how it is written down.

Pure: no files, no network. Times are seconds since 1970.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTS = ("requests", "tokens")
PERIODS = ("minute", "hour", "day", "month")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "month": 30 * 86400}
"""How long a rolling period is; a rolling month is 30 days."""
KINDS = tuple(f"{counts}/{per}" for counts in COUNTS for per in PERIODS)
SCOPES = ("key", "model", "account")
RESETS = ("rolling", "fixed")
SOURCES = ("catalogue", "yours", "said", "learnt")
HOW = ("scope", "resets", "zone", "models")
"""What may stand beside the figures: it holds for all of them."""
UTC = "UTC"


class Limit(NamedTuple):
    """At most `most` `counts` per `per`.

    `scope` is whose calls count together: those of a `key`, of one `model` with a key, or of the
    whole `account` with all its keys. `models` are patterns (`*:free`) of the models that count and
    are held back, () for all. A `fixed` period begins with the minute, hour, day or month of
    `zone` (an IANA name), a `rolling` one is always the last so many seconds.
    """

    counts: str
    most: int
    per: str
    scope: str = "key"
    resets: str = "rolling"
    zone: str = UTC
    models: tuple[str, ...] = ()
    source: str = "catalogue"

    @property
    def kind(self) -> str:
        return f"{self.counts}/{self.per}"

    def covers(self, model: str) -> bool:
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)


def usual_reset(per: str) -> str:
    """Where nobody says: to count the last minute never lets more through than the provider does,
    whichever its clock; a day is the calendar's nearly everywhere.
    """
    return "rolling" if per in ("minute", "hour") else "fixed"


def window(limit: Limit, now: float, oldest: float | None = None) -> tuple[float, float]:
    """From when on it counts, and when something of it comes back.

    A fixed period is [begin, end). A rolling one is (now - its length, now], and what it holds goes
    one by one: it ends when `oldest`, the first count inside, is as old as the period is long, or
    that long from now where none is told.
    """
    if limit.resets == "rolling":
        length = SECONDS[limit.per]
        return now - length, (now if oldest is None else oldest) + length
    zone = _zone(limit.zone)
    if limit.per in ("minute", "hour"):
        # Counted from the zone's distance to UTC now: no zone changes its clock within such a time
        # but at its end, and an hour that is there twice stays two.
        length = SECONDS[limit.per]
        shift = _shift(zone, now)
        begin = (now + shift) // length * length - shift
        return begin, begin + length
    today = datetime.fromtimestamp(now, zone).date()
    if limit.per == "day":
        return _midnight(today, zone), _midnight(today + timedelta(days=1), zone)
    first = today.replace(day=1)
    return _midnight(first, zone), _midnight((first + timedelta(days=31)).replace(day=1), zone)


def _zone(name: str) -> tzinfo:
    if name == UTC:
        return timezone.utc
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _shift(zone: tzinfo, now: float) -> float:
    shift = datetime.fromtimestamp(now, zone).utcoffset()
    return shift.total_seconds() if shift else 0.0


def _midnight(day: date, zone: tzinfo) -> float:
    """The first moment of a day; where a clock goes forward at midnight, when it does so."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def pot(limit: Limit, provider: str, key: int, model: str) -> tuple[str, str]:
    """Whose calls count together: an account (`groq`, `groq#2` for its second key), and a model
    where each has a count of its own, else "".
    """
    account = provider if limit.scope == "account" or key == 1 else f"{provider}#{key}"
    return account, model if limit.scope == "model" else ""


def limits_of(said: Mapping[str, Any], source: str) -> list[Limit]:
    """What a map says: `{requests/day: 50, requests/minute: 20, scope: account}`.

    Whoever calls has held it against KINDS and HOW; `rpm` is an older word for requests/minute.
    """
    figures = {kind: said[kind] for kind in KINDS if kind in said}
    if "rpm" in said:
        figures.setdefault("requests/minute", said["rpm"])
    found = []
    for kind, most in figures.items():
        counts, _, per = kind.partition("/")
        how = {name: said[name] for name in HOW if said.get(name)}
        how.setdefault("resets", usual_reset(per))
        how["models"] = tuple(how.get("models", ()))
        found.append(Limit(counts, most, per, source=source, **how))
    return found


def as_data(limit: Limit) -> dict[str, Any]:
    """The same shape, for JSON and YAML; what is usual is left out."""
    found: dict[str, Any] = {limit.kind: limit.most}
    if limit.scope != "key":
        found["scope"] = limit.scope
    if limit.resets != usual_reset(limit.per):
        found["resets"] = limit.resets
    if limit.zone != UTC:
        found["zone"] = limit.zone
    if limit.models:
        found["models"] = [*limit.models]
    if limit.source != "catalogue":
        found["source"] = limit.source
    return found


def from_data(data: Mapping[str, Any]) -> Limit:
    """What `as_data` made. Raises ValueError where it is no such thing."""
    try:
        (limit,) = limits_of(data, data.get("source", "catalogue"))
        _zone(limit.zone)
        limit = limit._replace(most=int(limit.most))
    except (TypeError, ValueError, KeyError, OSError) as error:
        raise ValueError(f"no limit: {data!r}") from error
    return limit


class Limits:
    """The limits of one account by model: the catalogue's, and the user's own before them.

    An own limit takes the place of the first one of its kind (and scope, where it says one) that is
    known, and is as that one in what it does not say itself. A figure of 0 only takes that away.
    """

    def __init__(self, known: Iterable[Limit], own: Iterable[Mapping[str, Any]] = ()) -> None:
        self._known = tuple(known)
        self._own: list[tuple[Limit, Limit | None]] = []
        for row in own:
            for limit in limits_of(row, "yours"):
                meant = next((k for k in self._known if _is_meant(k, limit, row)), None)
                unsaid = [name for name in HOW if not row.get(name)] if meant else ()
                same = {name: getattr(meant, name) for name in unsaid}
                self._own.append((limit._replace(**same), meant))

    def all(self) -> list[Limit]:
        """For whichever models."""
        gone = [meant for own, meant in self._own if meant and own.models == meant.models]
        own = [limit for limit, _ in self._own if limit.most]
        return [*own, *(limit for limit in self._known if limit not in gone)]

    def of(self, model: str) -> list[Limit]:
        if not self._own:
            return [limit for limit in self._known if limit.covers(model)]
        own = [(limit, meant) for limit, meant in self._own if limit.covers(model)]
        gone = [meant for _, meant in own]
        known = [limit for limit in self._known if limit.covers(model) and limit not in gone]
        return [*(limit for limit, _ in own if limit.most), *known]


def _is_meant(known: Limit, own: Limit, row: Mapping[str, Any]) -> bool:
    return known.kind == own.kind and row.get("scope") in (None, known.scope)
