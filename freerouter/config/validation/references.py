"""Secrets and variables in a config.yaml of LiteLLM: what is named, and what is written out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freerouter.config import variables
from freerouter.config.validation.findings import Hit, Mend
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.config.validation.findings import Path
    from freerouter.config.validation.litellm import Config

ENVIRON = "os.environ/"
SECRET = re.compile(r"(?:^|_)(?:api_?key|key|secret|token|password|credentials)$", re.IGNORECASE)
"""Names of what must not be written out."""
NAMED = ("os.environ/", "oidc/", "${")
"""How a value begins that only names a secret."""
LONG_KEY = 12


def check_secrets(config: Config) -> Iterator[Hit]:
    """Keys and passwords that are written out."""
    shaped = bool(re.search(KEY_SHAPES, config.text))
    for path, name, value in config.texts:
        if _is_secret(name, value) or (shaped and re.search(KEY_SHAPES, value)):
            what = f"{name or 'this'} is written out here."
            variable = str(name or "NAME").upper()
            fix = f"Put it into a variable, and write {ENVIRON}{variable}."
            yield Hit("secret-in-clear", path, what, fix)


@lru_cache(maxsize=4096)
def _names_secret(name: Any) -> bool:
    return isinstance(name, str) and bool(SECRET.search(name))


def _is_secret(name: Any, value: str) -> bool:
    if "@" in value and re.match(r"\w+://[^/\s:@]+:[^/\s@]+@", value):
        return True
    if not _names_secret(name) or value.startswith(NAMED):
        return False
    if name == "master_key":
        return bool(value)
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return len(value) >= LONG_KEY and mixed and " " not in value


def strings(data: Any, path: Path) -> Iterator[tuple[Path, Any, str]]:
    """Every text, with its path and the key that it stands under; each place once."""
    waiting: list[tuple[Path, Any, Any]] = [(path, path[-1] if path else "", data)]
    visited: set[int] = set()
    while waiting:
        here, name, value = waiting.pop()
        if id(value) in visited:
            continue
        visited.add(id(value))
        within: list[tuple[Path, Any, Any]] = []
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            own = step if isinstance(value, dict) else name
            if type(item) is str:
                yield (*here, step), own, item
            elif isinstance(item, dict | list):
                within.append(((*here, step), own, item))
        waiting += reversed(within)


def check_variables(config: Config) -> Iterator[Hit]:
    """Variables that are named and not set, each told once, where it is first named."""
    if config.get is None or ENVIRON not in config.text:
        return
    own = config.section("environment_variables")
    counts: dict[str, int] = {}
    first: dict[str, Path] = {}
    for path, _, value in config.texts:
        if value.startswith(ENVIRON):
            name = value.removeprefix(ENVIRON)
            first.setdefault(name, path)
            counts[name] = counts.get(name, 0) + 1
    for name, path in first.items():
        if name in own or config.get(name):
            continue
        more = f" (named in {counts[name]} places)" if counts[name] > 1 else ""
        yield Hit(
            "unset-environ", path, f"{name} is not set{more}.", f"Set {name} where LiteLLM runs."
        )


def check_literals(config: Config) -> Iterator[Hit]:
    """`${NAME}`, which LiteLLM takes as it is written. Under `litellm:` it is translated."""
    if "${" not in config.text:
        return
    for path, _, value in config.texts:
        if not variables.names(value):
            continue
        name = variables.whole(value)
        mend = Mend("put", path, f"{ENVIRON}{name}") if name else None
        fix = f"Write {ENVIRON}{name}." if name else f"Put the whole into one {ENVIRON}NAME."
        yield Hit("literal-variable", path, "LiteLLM does not fill this in.", fix, mend=mend)
