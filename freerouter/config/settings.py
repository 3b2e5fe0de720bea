"""Settings of providers.yaml by dotted names: which there are, what each is, where that stands.

`gateway.port`, `spend`, `litellm.router_settings.num_retries`; of a provider, by its name,
`providers.groq.options.rpm`. A name may hold dots itself: the longest that is there counts.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.generate import REQUEST_TIMEOUT
from freerouter.config.providers_file import (
    ALLOWED,
    ENTRY,
    GATEWAY,
    HOST,
    KEEP_DAYS,
    NEVER,
    OPTIONS,
    PORT,
    TOP,
    USAGE,
    USUAL_PORT,
)
from freerouter.config.yaml_file import at, dump_yaml
from freerouter.errors import NotFoundError, UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.yaml_file import Document

Path = tuple[str | int, ...]
Kinds = type | tuple[type, ...]

SECTIONS: Mapping[str, Mapping[str, Kinds]] = {"gateway": GATEWAY, "usage": USAGE}
PROVIDERS = "providers"
ELSEWHERE: Mapping[str, str] = {
    PROVIDERS: "`providers add` and `providers remove` write that; a setting of one is "
    "providers.NAME.SETTING.",
    "select": "`select` writes that.",
    "aliases": "`alias add` writes that.",
    "version": "`migrate` writes that.",
}
"""What stands in the file and is written by commands of its own."""
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "gateway.host": HOST,
        "gateway.port": PORT,
        "gateway.request_timeout": REQUEST_TIMEOUT,
        "gateway.workers": 1,
        "gateway.log_bodies": False,
        "usage.keep_days": KEEP_DAYS,
        "spend": ALLOWED,
    }
)
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "gateway.host": ("LITELLM_HOST",),
    "gateway.port": ("LITELLM_PORT", USUAL_PORT),
}
"""What is looked at where the file does not say."""
WORDS: Mapping[str, tuple[str, ...]] = {"spend": (NEVER, ALLOWED)}


class Setting(NamedTuple):
    """What holds now. `kind` of the source: file, variable or default; `source` says which one.

    `value` is None where it is not set and has no default.
    """

    name: str
    value: Any
    kind: str
    source: str


def known_names() -> list[str]:
    """Every setting that has a name of its own, in the order of the file."""
    found: list[str] = []
    for name, kinds in TOP.items():
        if name in SECTIONS:
            found += [f"{name}.{key}" for key in SECTIONS[name]]
        elif kinds not in (dict, list) and name not in ELSEWHERE:
            found.append(name)
    return found


def setting(name: str, document: Document, environ: Mapping[str, str]) -> Setting:
    """What holds under the name of a setting that is known."""
    path = tuple(name.split("."))
    value = at(document.data, path)
    if value is not None and not (value in ("", 0) and name in VARIABLES):
        return Setting(name, value, "file", document.place(path))
    for variable in VARIABLES.get(name, ()):
        given = environ.get(variable, "")
        if given and (name != "gateway.port" or given.isdigit()):
            value = int(given) if name == "gateway.port" else given
            usual = variable == USUAL_PORT
            kind, source = ("default",) * 2 if usual else ("variable", variable)
            return Setting(name, value, kind, source)
    return Setting(name, DEFAULTS.get(name), "default", "default")


def settings(document: Document, environ: Mapping[str, str]) -> Iterator[Setting]:
    """All that hold, and what stands in the file under a name that leaves its keys open."""
    for name in known_names():
        yield setting(name, document, environ)
    for name, kinds in TOP.items():
        if kinds is dict and name not in (*SECTIONS, *ELSEWHERE):
            for path, value in _leaves(at(document.data, (name,)), (name,)):
                yield Setting(dotted(path), value, "file", document.place(path))


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def find(name: str, document: Document, file: ProvidersFile, environ: Mapping[str, str]) -> Setting:
    """What holds under any name. Raises NotFoundError with the nearest one."""
    if name in known_names():
        return setting(name, document, environ)
    path = present_path(name, document.data, file)
    if path is None:
        raise unknown(name, document, file)
    return Setting(name, at(document.data, path), "file", document.place(path))


def unknown(name: str, document: Document, file: ProvidersFile) -> NotFoundError:
    there = [dotted(path) for path, _ in _leaves(document.data, ()) if path[0] != PROVIDERS]
    there += [f"{PROVIDERS}.{e.name}.{key}" for e in file.entries for key in ENTRY]
    near = did_you_mean(name, [*known_names(), *there, *TOP])
    return NotFoundError(
        f'There is no setting "{name}".', fix=near or "`config show` names those that there are."
    )


def present_path(name: str, data: Any, file: ProvidersFile) -> Path | None:
    """The path of what stands in the file under that name."""
    path, rest = _walk(name.split("."), data, file)
    return path if not rest else None


def path_for(name: str, document: Document, file: ProvidersFile) -> Path:
    """Where a setting of that name belongs, whether it stands there or not.

    Raises NotFoundError where there is none such, and UsageError for what is not set so.
    """
    if name in known_names():
        return tuple(name.split("."))
    top = name.partition(".")[0]
    if name in ELSEWHERE or (top in ELSEWHERE and top != PROVIDERS):
        raise UsageError(f"{name} is not set here.", fix=ELSEWHERE[top])
    path, rest = _walk(name.split("."), document.data, file)
    if top == PROVIDERS:
        return _of_provider(name, path, rest, file)
    if TOP.get(name) is dict:
        raise UsageError(f"{name} holds settings.", fix=f"Name one of them: {name}.KEY.")
    if TOP.get(top) is not dict or top in SECTIONS:
        raise unknown(name, document, file)
    return (*path, *rest) if path else tuple(name.split("."))


def _of_provider(name: str, path: Path, rest: list[str], file: ProvidersFile) -> Path:
    if len(path) < 2:  # noqa: PLR2004 - `providers` and a place in it
        file.get(".".join(rest[:1]))
    whole = (*path, *rest)
    field = whole[2] if len(whole) > 2 else ""  # noqa: PLR2004 - behind the provider's name
    option = field == "options" and len(whole) == 4 and whole[3] in OPTIONS  # noqa: PLR2004
    if option or (len(whole) == 3 and field in ENTRY and field != "options"):  # noqa: PLR2004
        if field in ("type", "name"):
            raise UsageError(
                f"The {field} of a provider is not changed so.",
                fix="`providers remove` and `providers add` put another one in its place.",
            )
        return whole
    fields = [f for f in ENTRY if f not in ("type", "name", "options")]
    names = [*fields, *(f"options.{key}" for key in OPTIONS)]
    of = f"{PROVIDERS}.{file.entries[int(whole[1])].name}"
    raise NotFoundError(
        f'A provider has no setting "{dotted(whole[2:])}".',
        fix=did_you_mean(name, [f"{of}.{key}" for key in names])
        or f"Behind {of}. may stand: {', '.join(names)}.",
    )


def _walk(parts: list[str], data: Any, file: ProvidersFile) -> tuple[Path, list[str]]:
    """As far as the names lead in the file, and what is left of them."""
    path: tuple[str | int, ...] = ()
    here = data
    while parts:
        size = next((n for n in range(len(parts), 0, -1) if _step(parts[:n], path, here, file)), 0)
        if not size:
            break
        step = _step(parts[:size], path, here, file)
        assert step is not None  # noqa: S101 - or the size were 0
        path, here, parts = (*path, step[0]), step[1], parts[size:]
    return path, parts


def _step(
    parts: list[str], path: Path, here: Any, file: ProvidersFile
) -> tuple[str | int, Any] | None:
    word = ".".join(parts)
    if isinstance(here, dict) and word in here:
        return word, here[word]
    if not isinstance(here, list):
        return None
    if path == (PROVIDERS,):
        names = [entry.name for entry in file.entries]
        return (names.index(word), here[names.index(word)]) if word in names else None
    number = int(word) if word.isdecimal() else len(here)
    return (number, here[number]) if number < len(here) else None


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif value is not None and path:
        yield path, value


def worded(value: Any) -> str:
    """A value as it stands in YAML, alone."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return dump_yaml(value).rstrip("\n")
    return dump_yaml([value]).strip().removeprefix("- ")
