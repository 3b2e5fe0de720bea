"""The names that a config.yaml gives to models and aliases, without reading it as YAML.

With thousands of models YAML takes seconds. Our own files are laid out alike, so that the lines in
question can be looked for; of LiteLLM's settings only the one section is read.
"""

from __future__ import annotations

from typing import NamedTuple

ALIAS = b"\n    freerouter_alias: "
ID = b"\n    id: "
SETTINGS = b"\nrouter_settings:"
GROUP_ALIAS = "model_group_alias"


class Named(NamedTuple):
    """A name that stands for models. `members` are `provider/model`, or a group of LiteLLM's."""

    name: str
    members: tuple[str, ...]


def read_config(path: str) -> bytes:
    """The file as it is; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def aliases_in(config: bytes) -> list[Named]:
    """Ours in the order in which they were written, then those under `model_group_alias`."""
    found: dict[str, list[str]] = {}
    at = config.find(ALIAS)
    while at >= 0:
        name, above = _line_at(config, at + len(ALIAS)), config.rfind(ID, 0, at)
        member = _line_at(config, above + len(ID)).removeprefix(f"{name}:")
        found.setdefault(name, []).append(_of_first_key(member))
        at = config.find(ALIAS, at + len(ALIAS))
    ours = [Named(name, tuple(dict.fromkeys(members))) for name, members in found.items()]
    return [*ours, *_group_aliases(config)]


def is_model_in(config: bytes, name: str) -> bool:
    """Whether some deployment has this name."""
    quoted = name.encode(), b"'" + name.replace("'", "''").encode() + b"'"
    return any(b"\n- model_name: " + word + b"\n" in config for word in quoted)


def unquoted(text: str) -> str:
    """What a scalar on one line stands for."""
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] == '"':
        import yaml

        try:
            return str(yaml.safe_load(text))  # its escapes are more than JSON's: \U0001f680
        except yaml.YAMLError:
            return text
    return text


def _line_at(config: bytes, begin: int) -> str:
    return unquoted(config[begin : config.find(b"\n", begin)].decode("utf-8", "replace"))


def _of_first_key(name: str) -> str:
    """A provider's further keys have deployments of their own: `groq/llama#2`."""
    rest, _, number = name.rpartition("#")
    return rest if rest and number.isdecimal() else name


def _group_aliases(config: bytes) -> list[Named]:
    begin = config.rfind(SETTINGS)
    section = _section(config, begin) if begin >= 0 else b""
    if GROUP_ALIAS.encode() not in section:
        return []
    import yaml

    try:
        read = yaml.load(section, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    except yaml.YAMLError:
        return []
    settings = read.get("router_settings") if isinstance(read, dict) else None
    aliases = settings.get(GROUP_ALIAS) if isinstance(settings, dict) else None
    if not isinstance(aliases, dict):
        return []
    return [Named(str(name), (_group(value),)) for name, value in aliases.items()]


def _section(config: bytes, begin: int) -> bytes:
    """Up to the next line that stands at the margin."""
    end = begin + 1
    while (end := config.find(b"\n", end)) >= 0 and config[end + 1 : end + 2] in b" #\n":
        end += 1
        if end >= len(config):
            break
    return config[begin:] if end < 0 else config[begin:end]


def _group(value: object) -> str:
    return str(value.get("model", "")) if isinstance(value, dict) else str(value)
