"""A provider's record: its fields, and the strict reading of one file that holds some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.limits_file import is_zone
from freerouter.config.providers_file import NOTHING
from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError
from freerouter.limits import KINDS, RESETS, SCOPES, UTC
from freerouter.providers.abilities import ABILITIES
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FREE = ("yes", "quota", "no", "unknown")


class Provider(NamedTuple):
    """What is known of a provider. Field by field as in the YAML records."""

    id: str
    name: str
    base_url: str = ""
    """Where it is asked; `${VARIABLE}` and `${VARIABLE:-default}` are filled in."""
    regions: Mapping[str, str] = NOTHING
    """Addresses with accounts of their own, the usual one first."""
    where: Mapping[str, Any] = NOTHING
    """The part of the address that is the user's own: `variable`, `name`, `url`, `default`."""
    status: str = "active"
    status_note: str = ""
    since: str = ""
    key: str = "required"
    """required, optional or none."""
    auth: Mapping[str, Any] = NOTHING
    """How the key travels, where not as a bearer token."""
    env: tuple[str, ...] = ()
    """Variables that may hold its key, in the order in which LiteLLM reads them."""
    key_pattern: str = ""
    key_url: str = ""
    free_tier: str = ""
    limits: tuple[Mapping[str, Any], ...] = ()
    """Notes, those with figures as `freerouter.limits` reads them."""
    terms: tuple[Mapping[str, Any], ...] = ()
    """What is worth knowing before using it, each with its source and date."""
    local: bool = False
    generic: bool = False
    """The user gives the address."""
    fixed: bool = False
    """There is no list to ask for."""
    demo: bool = False
    models: tuple[str, ...] = ()
    mock_response: str = ""
    litellm: Mapping[str, Any] = NOTHING
    list: Mapping[str, Any] = NOTHING
    check: Mapping[str, Any] = NOTHING
    calls: Mapping[str, Any] = NOTHING
    """How a model is called: `path` below `base_url` where not at /chat/completions, or the
    `format` that it speaks where that is not OpenAI's."""
    verdicts: tuple[Mapping[str, Any], ...] = ()
    free: Mapping[str, Any] = NOTHING
    quota: Mapping[str, Any] = NOTHING
    """Where it tells what is left: `path`, the `kind` of the limit, paths of `most` and `left`."""

    @property
    def retired(self) -> bool:
        return self.status == "retired"

    def key_help(self) -> str:
        return f"Keys are made at {self.key_url}" if self.key_url else ""


def told(notes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Limits or terms, each with where and when that was said."""
    found = []
    for note in notes:
        said = ", ".join(str(note[name]) for name in ("source", "as_of") if note.get(name))
        found.append(f"{note['note']} ({said})" if said else str(note["note"]))
    return found


class One(NamedTuple):
    """A value: its kinds, and the words that it may be, if not any."""

    kinds: tuple[type, ...]
    words: tuple[str, ...] = ()


class Either(NamedTuple):
    """Text, or the other shape."""

    other: Any


class Many(NamedTuple):
    """A list, each item of which has that shape."""

    item: Any


TEXT, FLAG, MAP = One((str,)), One((bool,)), One((dict,))
PLACES = One((str, list))
"""One path, or several to look at in turn."""
WORDS = One((list,))
VALUES = One((list,))
NUMBER = One((int, float, str))
NOTES = {"note": TEXT, "source": TEXT, "as_of": TEXT, "one_account": FLAG}
"""`one_account`: worth knowing for who has several keys."""
FIGURES = {
    **dict.fromkeys((*KINDS, "rpm"), One((int,))),
    "scope": One((str,), SCOPES),
    "resets": One((str,), RESETS),
    "zone": TEXT,
    "models": Many(TEXT),
}
"""What a limit comes to, as `freerouter.limits` reads it; `rpm` is the older requests/minute."""
LIST = {
    "path": TEXT,
    "rows": PLACES,
    "each": TEXT,
    "id": PLACES,
    "strip": TEXT,
    "context": PLACES,
    "output": PLACES,
    "sizes": One((str,), ("text",)),
    "chat": Many({"field": PLACES, "any": WORDS, "none": WORDS}),
    "names": WORDS,
    "named": WORDS,
    "drop": Many(
        {
            "field": PLACES,
            "is": VALUES,
            "is_not": VALUES,
            "lacks": VALUES,
            "past": FLAG,
            "as": One((str,), ("expired", "deprecated", "inactive", "not for chat")),
        }
    ),
    "expires": TEXT,
    "can": {name: {"field": PLACES, "any": WORDS} for name in ABILITIES},
    "price": {
        "input": PLACES,
        "output": PLACES,
        "unit": One((str,), ("token", "thousand", "million")),
        "divisor": NUMBER,
        "unit_field": TEXT,
        "units": MAP,
    },
    "next": One((str, list, dict)),
    "profiles": {"path": TEXT, "rows": TEXT, "id": TEXT, "next": One((dict,))},
    "maker": TEXT,
    "details": dict.fromkeys(("path", "send", "facts", "context", "uses", "chat"), TEXT),
}
CHECK = {
    "path": TEXT,
    "paths": Many(TEXT),
    "url": TEXT,
    "form": MAP,
    "chat": FLAG,
    "model": TEXT,
    "keep": NUMBER,
}
SHAPES: Mapping[str, Any] = {
    **dict.fromkeys(Provider._fields, TEXT),
    "regions": MAP,
    "where": {"variable": TEXT, "name": TEXT, "url": TEXT, "default": TEXT},
    "status": One((str,), ("active", "retired")),
    "key": One((str,), ("required", "optional", "none")),
    "auth": {"header": TEXT, "also": MAP, "instead": Many(TEXT)},
    **dict.fromkeys(("env", "models"), Many(TEXT)),
    "limits": Either(Many({**NOTES, **FIGURES})),
    "terms": Either(Many(NOTES)),
    **dict.fromkeys(("local", "generic", "fixed", "demo"), FLAG),
    "litellm": {"prefix": TEXT, "add": TEXT, "strip": TEXT, "swap": Many(TEXT), "params": MAP},
    "list": LIST,
    "check": CHECK,
    "quota": {"path": TEXT, "kind": One((str,), KINDS), "most": TEXT, "left": TEXT},
    "calls": {"path": TEXT, "format": TEXT},
    "verdicts": Many(
        {
            "status": One((int, list)),
            "contains": TEXT,
            "field": TEXT,
            "is": VALUES,
            "state": One((str,), ("refused", "no_quota", "region", "unknown")),
            "help": TEXT,
        }
    ),
    "free": {
        "always": One((str,), FREE),
        "by_plan": FLAG,
        "reason": TEXT,
        "id_suffix": TEXT,
        "zero_price": FLAG,
        "otherwise": One((str,), FREE),
        "flag": PLACES,
        "is": One((str,), FREE),
        "zero": One((str,), FREE),
        "unknown": TEXT,
        "unless": {"field": TEXT, "free": One((str,), FREE), "reason": TEXT},
    },
}
NEEDED = {
    "verdicts": ("state",),
    "drop": ("field", "as"),
    "chat": ("field",),
    **dict.fromkeys(ABILITIES, ("field", "any")),
    "limits": ("note",),
    "quota": ("path", "kind", "most", "left"),
    "terms": ("note",),
    "unless": ("field", "free", "reason"),
    "profiles": ("path", "rows", "id"),
    "details": ("path", "send", "facts", "context", "uses", "chat"),
}
"""What an entry of a record cannot do without."""
_KINDS = {
    str: "text", dict: "a map", bool: "true or false", list: "a list", int: "a whole number",
    float: "a number",
}  # fmt: skip
Path = tuple[str | int, ...]


def read_record(path: str) -> dict[str, Any]:
    """The fields that a file gives. Raises FileError with the place of what is wrong."""
    return record_of(read_yaml(path))


def record_of(document: Document) -> dict[str, Any]:
    """The fields of a document, checked."""
    if not isinstance(document.data, dict):
        raise FileError(f"{document.name}: a provider's record must be a map.")
    _check(document, document.data, SHAPES, (), "")
    found = {k: tuple(v) if isinstance(v, list) else v for k, v in document.data.items()}
    for name in ("limits", "terms"):
        if isinstance(found.get(name), str):
            found[name] = ({"note": found[name]},)
    for number, limit in enumerate(found.get("limits", ())):
        if not is_zone(limit.get("zone", UTC)):
            place = document.place(("limits", number, "zone"))
            raise FileError(
                f'{place}: there is no time zone "{limit["zone"]}".',
                fix="For example: America/Los_Angeles.",
            )
    return found


def _check(document: Document, value: Any, shape: Any, path: Path, name: str) -> None:
    if isinstance(shape, dict):
        _check_map(document, value, shape, path, name)
    elif isinstance(shape, Either):
        if not isinstance(value, str):
            _check(document, value, shape.other, path, name)
    elif isinstance(shape, Many):
        _check_kind(document, value, One((list,)), path, name)
        for number, item in enumerate(value):
            _check(document, item, shape.item, (*path, number), name)
    else:
        _check_kind(document, value, shape, path, name)


def _check_map(
    document: Document, value: Any, shape: Mapping[str, Any], path: Path, name: str
) -> None:
    _check_kind(document, value, MAP, path, name)
    for key, item in value.items():
        if key not in shape:
            raise FileError(
                f'{document.place((*path, key), key=True)}: unknown key "{key}".',
                fix=did_you_mean(str(key), shape) or f"Known here: {', '.join(shape)}.",
            )
        _check(document, item, shape[key], (*path, key), key)
    missing = [key for key in NEEDED.get(name, ()) if key not in value]
    if missing:
        raise FileError(f"{document.place(path)}: {name} needs {missing[0]}.")


def _check_kind(document: Document, value: Any, shape: One, path: Path, name: str) -> None:
    right = isinstance(value, shape.kinds) and (bool in shape.kinds or not isinstance(value, bool))
    if not right:
        words = _or(_KINDS[kind] for kind in shape.kinds)
        raise FileError(
            f"{document.place(path)}: {name} must be {words}.", fix=f"Write {name} as {words}."
        )
    if shape.words and value not in shape.words:
        raise FileError(
            f"{document.place(path)}: {name} must be {_or(shape.words)}.",
            fix=did_you_mean(str(value), shape.words),
        )


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)
