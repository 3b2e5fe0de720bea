"""`.env`: provider keys and the gateway's master key. The process environment wins over it.

A key may lie in the system's keyring instead: a line `# NAME is in the keyring` says so, and only
then is that opened.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from freerouter.config import atomic
from freerouter.config.key_notes import note_stored
from freerouter.errors import FileError, FreeRouterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context

MASTER_KEY = "LITELLM_MASTER_KEY"
STRONG_KEY_LENGTH = 16


IN_KEYRING = " is in the keyring"
ENV, KEYRING = "env", "keyring"
"""Where a key may be stored."""


def keyring_names(path: str) -> list[str]:
    """The variables of a `.env` that lie in the keyring."""
    return [name for name in map(_in_keyring, _lines(path) or ()) if name]


def _in_keyring(line: str) -> str:
    name = line.strip().removeprefix("#").strip()
    marked = line.lstrip().startswith("#") and name.endswith(IN_KEYRING)
    return name.removesuffix(IN_KEYRING) if marked else ""


def read_env_file(path: str) -> dict[str, str]:
    """Names and values of a `.env` file; `export`, quotes and comments are understood."""
    pairs = (_parse_line(line) for line in _lines(path) or ())
    return dict(pair for pair in pairs if pair)


def _lines(path: str) -> list[str] | None:
    """The file's lines; None where there is no file."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8 text"
        raise FileError(f"Cannot read {path}.", f"{reason}.") from None


def _parse_line(line: str) -> tuple[str, str] | None:
    line = line.strip().removeprefix("export ").lstrip()
    name, equals, value = line.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or name.startswith("#"):
        return None
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return name, value[1 : value.find(value[0], 1)]
    return name, value.split(" #", 1)[0].rstrip()


class Secrets:
    """Variables by name, from the environment first, then the workspace's `.env`.

    A project's workspace also reads the `.env` beside its `config/` directory, as the original did,
    and a profile that of its workspace, but for the gateway's own key.
    """

    def __init__(
        self,
        workspace: Workspace,
        environ: Mapping[str, str],
        learn: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> None:
        """`learn` is told what comes out of the keyring."""
        self._environ = environ
        self._learn = learn
        self._opened: set[str] = set()
        base = workspace.base
        self.stored = read_env_file(base.env_file)
        self.in_keyring = dict.fromkeys(keyring_names(base.env_file), base.root)
        self._beside: dict[str, str] = {}
        if workspace.origin == "project":
            self._beside = read_env_file(os.path.join(os.path.dirname(base.root), ".env"))
            self._beside = {
                n: v
                for n, v in self._beside.items()
                if not (self.stored.get(n) or n in self.in_keyring)
            }
            self.stored |= self._beside
        if workspace.profile:
            own = read_env_file(workspace.env_file)
            inside = dict.fromkeys(keyring_names(workspace.env_file), workspace.root)
            hidden = {MASTER_KEY, *own, *inside}
            self.stored = {n: v for n, v in self.stored.items() if n not in hidden} | own
            kept = {n: r for n, r in self.in_keyring.items() if n not in hidden}
            self.in_keyring = kept | inside

    def get(self, name: str) -> str | None:
        """The value, or None where it is unset or empty. Ends are stripped of white space.

        Raises KeyringError where it lies in a keyring that does not open.
        """
        value = self._environ.get(name) or self.stored.get(name) or ""
        if not value and name in self.in_keyring:
            from freerouter.config.keyring import read

            self.stored[name] = value = read(self.in_keyring[name], name)
            self._opened.add(name)
            self._learn({name: value})
        return value.strip() or None

    def origin(self, name: str) -> str:
        """Where the value comes from: environment, .env, keyring or "". It opens nothing."""
        if self._environ.get(name):
            return "environment"
        if self.stored.get(name) and name not in self._opened:
            return ".env"
        return KEYRING if name in self.in_keyring else ""

    def place(self, name: str) -> str:
        """The same, with a project's own `.env`, beside its `config/`, told apart."""
        origin = self.origin(name)
        beside = self._beside.get(name)
        own = origin == ".env" and beside and self.stored[name] == beside
        return "project .env" if own else origin


def load_secrets(ctx: Context) -> Secrets:
    """Read the secrets and teach the redactor what they are."""
    secrets = Secrets(ctx.workspace, ctx.environ, ctx.redact.learn)
    ctx.redact.learn(secrets.stored)
    master = ctx.environ.get(MASTER_KEY)
    if master:
        ctx.redact.learn({MASTER_KEY: master})
    return secrets


def store(
    workspace: Workspace, name: str, value: str, *, only_new: bool = False, where: str = ENV
) -> str:
    """Write one variable into `.env` (0600), leaving every other line as it is; its value.

    With `only_new` one that somebody else has stored in the meantime stays. `where` may be KEYRING:
    then the value goes there, and a line of `.env` says so.
    """
    clean_key(value)
    if where == KEYRING:
        from freerouter.config.keyring import write

        write(workspace.root, name, value.strip())
    with atomic.lock(workspace.root):
        lines = _lines(workspace.env_file)
        there = dict(pair for pair in map(_parse_line, lines or ()) if pair).get(name)
        if only_new and there:
            return there
        if lines is None:
            lines = ["# Keys of this FreeRouter workspace. Keep this file to yourself."]
        line = f"# {name}{IN_KEYRING}"
        if where == ENV:
            line = f"{name}={_quoted(value.strip())}"
        places = [i for i, old in enumerate(lines) if name in _named(old)]
        moved = where == ENV and any(_in_keyring(lines[i]) for i in places)
        for place in places[1:]:
            lines[place] = ""
        if places:
            lines[places[0]] = line
        else:
            lines.append(line)
        atomic.write_text(workspace.env_file, "\n".join(lines) + "\n", mode=0o600)
    if moved:
        _drop(workspace, name)
    return value.strip()


def _named(line: str) -> tuple[str, str]:
    """The variables that a line of `.env` is about."""
    return (_parse_line(line) or ("",))[0], _in_keyring(line)


def _drop(workspace: Workspace, name: str) -> None:
    """Take what is not used any more out of the keyring, if that opens."""
    from freerouter.config.keyring import delete

    with contextlib.suppress(FreeRouterError):
        delete(workspace.root, name)


def remove_variable(workspace: Workspace, name: str) -> bool:
    """Take one variable out of `.env`, or the keyring, leaving every other line; whether it was
    there. Raises where it lies in a keyring that does not open.
    """
    with atomic.lock(workspace.root):
        lines = _lines(workspace.env_file) or []
        kept = [line for line in lines if name not in _named(line)]
        if len(kept) == len(lines):
            return False
        if any(_in_keyring(line) == name for line in lines):
            from freerouter.config.keyring import delete

            delete(workspace.root, name)
        atomic.write_text(workspace.env_file, "".join(f"{line}\n" for line in kept), mode=0o600)
        return True


def clean_key(value: str) -> str:
    """The key without white space at its ends; refuses one that could never be sent."""
    value = value.strip()
    if not value:
        raise UsageError("The key is empty.", fix="Paste it again.")
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in value):  # noqa: PLR2004 - ASCII controls
        raise UsageError(
            "The key holds a line break or a control character.",
            "It was probably copied together with something else.",
            "Copy only the key and paste it again.",
        )
    if not value.isascii():
        raise UsageError(
            "The key holds a character that no key has.",
            fix="Copy only the key and paste it again.",
        )
    return value


def _quoted(value: str) -> str:
    plain = not any(c in value for c in " \t#'\"$`\\")
    if plain:
        return value
    quote = "'" if "'" not in value else '"'
    return f"{quote}{value}{quote}"


def ensure_master_key(ctx: Context) -> str:
    """The gateway's key; made once, of 32 random bytes, where there is none yet."""
    secrets = load_secrets(ctx)
    found = secrets.get(MASTER_KEY)
    if found is None:
        found = store(ctx.workspace, MASTER_KEY, new_master_key(), only_new=True)
        ctx.redact.learn({MASTER_KEY: found})
        note_stored(ctx.workspace, MASTER_KEY, found, ctx.now())
    if len(found) < STRONG_KEY_LENGTH:
        raise UsageError(
            f"The gateway's key in {MASTER_KEY} is too weak ({len(found)} characters).",
            fix=weak_key_fix(secrets),
        )
    return found


def weak_key_fix(secrets: Secrets) -> str:
    """What gives the gateway a strong key, where it has a weak one."""
    if secrets.origin(MASTER_KEY) == "environment":
        return f"Unset {MASTER_KEY} in your environment: `keys rotate master` makes a strong one."
    return "`keys rotate master` makes a strong one."


def new_master_key() -> str:
    """Of 32 random bytes."""
    import secrets as random_source

    return "sk-" + random_source.token_hex(32)
