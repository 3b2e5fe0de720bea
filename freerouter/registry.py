"""What a command is, and how one is found by name. Knows verbs without importing their modules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from freerouter.errors import PluginError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from freerouter.context import Context
    from freerouter.result import Result


class Need:
    """State that a command needs before it can run. Checked by `freerouter.needs`."""

    CONFIG = "config"
    MODELS = "models"
    ENGINE = "engine"
    GATEWAY = "gateway"


class Parameter(NamedTuple):
    """One argument or option. `kind`: text, int, float, flag. `complete`: which candidates."""

    name: str
    kind: str = "text"
    help: str = ""
    positional: bool = False
    required: bool = False
    many: bool = False
    default: Any = None
    short: str = ""
    choices: tuple[str, ...] = ()
    complete: str = ""
    piped: bool = False
    """Whether `-`, or nothing where input is piped, stands for standard input."""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def names(self) -> tuple[str, ...]:
        """As it is typed: the long form, and the short one where there is one."""
        return (self.flag, "-" + self.short) if self.short else (self.flag,)

    @property
    def metavar(self) -> str:
        name = self.name.upper().replace("_", "-")
        return name + "…" if self.many else name


FRONT_END = ""
"""The target of a command that a command line or the shell does itself."""


class Command(NamedTuple):
    """One verb. `target` is `module:function`; `secret_input` is what a hidden prompt says."""

    name: str
    summary: str
    target: str
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    writes: bool = False
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    details: str = ""
    secret_input: str = ""
    hidden: bool = False
    flow: str = ""
    """The flow that it opens instead, where it is given nothing to do."""
    of_session: bool = False
    """Its function takes the session instead of a context: it runs other commands, or asks."""
    asks: tuple[str, ...] = ()
    """The ids of the questions that it asks itself, without a flow."""
    confirms: bool = False
    """It asks whether to do it (`apply`), unless told not to."""
    origin: str = ""
    """The plugin that it comes from, with its version; "" for ours."""

    @property
    def usage(self) -> str:
        parts = [self.name]
        for p in self.parameters:
            if p.positional:
                parts.append(p.metavar if p.required else f"[{p.metavar}]")
            elif p.kind == "flag":
                parts.append(f"[{p.flag}]")
            else:
                parts.append(f"[{p.flag} {p.metavar}]")
        return " ".join(parts)


class Function(Protocol):
    """What `Command.target` names. It never prints, never prompts and never exits."""

    def __call__(self, ctx: Context, args: Mapping[str, Any]) -> Result: ...


class Call(NamedTuple):
    """A command and its arguments, parsed. The same for argv, shell, script and flow."""

    command: Command
    arguments: dict[str, Any]
    output: str = ""
    """`json`, `plain` or "" (the front end decides)."""
    profile: str = ""
    record: str = ""
    """The file into which it is recorded."""
    words: tuple[str, ...] = ()
    """As it was typed, without the recording."""


class Registry:
    """Every verb, by name and alias. `plugged` gives those of plugins, given the names of ours.

    Plugins are looked for only where a name is not ours, or all that there is is wanted.
    """

    def __init__(
        self,
        commands: Iterable[Command],
        plugged: Callable[[Collection[str]], Iterable[Command]] = lambda _ours: (),
    ) -> None:
        self.commands = tuple(commands)
        self._by_name = _by_name(self.commands)
        self.own_names = frozenset(self._by_name)
        self._plugged = plugged
        self._of_plugins: tuple[Command, ...] | None = None

    @property
    def visible(self) -> list[Command]:
        """The commands that help and completion name."""
        return [c for c in (*self.commands, *self._look_for_plugins()) if not c.hidden]

    def _look_for_plugins(self) -> tuple[Command, ...]:
        if self._of_plugins is None:
            self._of_plugins = tuple(self._plugged(self.own_names))
            self._by_name |= _by_name(self._of_plugins)
        return self._of_plugins

    def find(self, tokens: list[str]) -> tuple[Command, int]:
        """The command that the first words name, and how many words that took."""
        found = self._find(tokens)
        if found is None and tokens and self._look_for_plugins():
            found = self._find(tokens)
        groups = {name.split()[0] for name in self._by_name if " " in name}
        if found and not _is_mistyped(*found, tokens, groups):
            return found
        if self.is_only_a_group(tokens):
            words = [command.name.split()[1] for command in self.group(tokens[0])]
            raise UsageError(
                f"`{tokens[0]}` wants one more word: {', '.join(words)}.",
                fix=f"`help {tokens[0]}` tells what each does.",
            )
        word = " ".join(tokens[: 2 if tokens and tokens[0] in groups else 1])
        known = {n for n, c in self._by_name.items() if not c.hidden}
        raise UsageError(
            f'There is no command "{word}".',
            fix=did_you_mean(word, known) or "`help` lists the commands.",
        )

    def group(self, word: str) -> list[Command]:
        """The commands of two words that begin with it."""
        return [c for c in self.visible if c.name.startswith(f"{word} ")]

    def is_only_a_group(self, tokens: list[str]) -> bool:
        """Whether a command of two words is begun, and the second word is missing."""
        alone = len(tokens) == 1 or (len(tokens) > 1 and tokens[1].startswith("-"))
        return alone and self._find(tokens[:1]) is None and bool(self.group(tokens[0]))

    def _find(self, tokens: list[str]) -> tuple[Command, int] | None:
        for size in (2, 1):
            command = self._by_name.get(" ".join(tokens[:size])) if len(tokens) >= size else None
            if command:
                return command, size
        return None

    def get(self, name: str) -> Command:
        return self.find(name.split())[0]


def load(command: Command) -> Function:
    """Import the command's module, now that it is needed."""
    if command.target == FRONT_END:
        raise UsageError(f"`{command.name}` works only at a prompt or on a command line.")
    module, _, attribute = command.target.partition(":")
    if command.origin:
        return _load_plugin(command, module, attribute)
    return cast("Function", getattr(import_module(module), attribute))


def _load_plugin(command: Command, module: str, attribute: str) -> Function:
    """The function of a plugin's command; whatever fails in it is told as the plugin's."""
    from freerouter.errors import FreeRouterError

    who = f"`{command.name}` of the plugin {command.origin}"
    try:
        function = getattr(import_module(module), attribute)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what is not ours may raise anything
        what = f"{who} cannot be loaded."
        raise PluginError(what, f"{type(error).__name__}: {error}.") from None

    def run(ctx: Context, args: Mapping[str, Any]) -> Result:
        try:
            return cast("Result", function(ctx, args))
        except FreeRouterError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            raise PluginError(f"{who} failed.", f"{type(error).__name__}: {error}.") from None

    return run


def _is_mistyped(command: Command, size: int, tokens: list[str], groups: Collection[str]) -> bool:
    """Whether a word behind one that stands alone for a group (`keys`) is no command of that."""
    behind = tokens[size:]
    return (
        size == 1
        and tokens[0] in groups
        and bool(behind)
        and not behind[0].startswith("-")
        and not any(p.positional for p in command.parameters)
    )


def _by_name(commands: Iterable[Command]) -> dict[str, Command]:
    return {name: c for c in commands for name in (c.name, *c.aliases)}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?`, or nothing where no name is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else ""
