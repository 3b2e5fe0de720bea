"""`help`: the commands, or one of them, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.errors import UsageError
from freerouter.parser import GLOBALS
from freerouter.result import Fields, Line, Result
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.context import Context
    from freerouter.registry import Command, Parameter


MORE = "`help COMMAND` tells more. Every command takes --json, --plain and --profile."


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    return _about(ctx, args["command"]) if args["command"] else about_all()


def about_all() -> Result:
    visible = REGISTRY.visible
    return Result(
        {"commands": [_data(c) for c in visible]},
        (
            Line("FreeRouter: one LLM gateway out of every provider you have a key for.", "head"),
            Line(""),
            Line("freerouter                opens the shell", "prose"),
            Line("freerouter init --wizard  sets everything up", "prose"),
            Line("freerouter COMMAND        does one thing and ends", "prose"),
            Line(""),
            Fields(tuple((c.name, _summary(c)) for c in visible)),
            Line(""),
            Line(MORE, "prose"),
        ),
    )


def _about(ctx: Context, words: list[str]) -> Result:
    """A command, or the answer to a question that is put in words."""
    from freerouter.commands.how import ASKING, answered

    first = words[0].lower()
    if first in ASKING and len(words) > 1:
        return answered(ctx, words[1:])
    group = REGISTRY.group(words[0]) if len(words) == 1 else []
    if group and REGISTRY.is_only_a_group(words):
        return about_some(group)
    try:
        found = REGISTRY.find(words)[0]
        return about(found, [c for c in group if c is not found])
    except UsageError as error:
        if len(words) == 1 or "Did you mean" in error.fix:
            raise
        answer = answered(ctx, words)
        if not answer.data["commands"]:
            raise
        return answer


def about_some(commands: Sequence[Command]) -> Result:
    """What each of a few does."""
    pairs = tuple((c.name, _summary(c)) for c in commands)
    return Result({"commands": [_data(c) for c in commands]}, (Fields(pairs),))


def about_option(command: Command, option: Parameter) -> Result:
    """One option of a command."""
    data = {"command": command.name, "option": option.flag, "help": _help(option)}
    show = (Line(f"{command.name}: {_summary(command)}", "dim"),)
    return Result(data, (*show, Fields(((_flag(option), _help(option)),))))


def about(command: Command, others: Sequence[Command] = ()) -> Result:
    """`others` are what else begins with the same word."""
    positional = tuple(p for p in command.parameters if p.positional and p.help)
    options = tuple(p for p in command.parameters if not p.positional)
    show: list[Any] = [
        Line(_summary(command), "head"),
        Line(""),
        Line(f"Usage: {command.usage}", "prose"),
    ]
    if command.details:
        show += [Line(""), Line(command.details, "prose")]
    if positional or options:
        pairs = [(p.metavar, _help(p)) for p in positional] + [
            (_flag(p), _help(p)) for p in options
        ]
        show += [Line(""), Fields(tuple(pairs))]
    show += [Line(""), Fields(tuple((_flag(p), p.help) for p in GLOBALS))]
    if command.examples:
        show += [Line(""), Line("Examples:", "head"), *(Line(f"  {e}") for e in command.examples)]
    if others:
        show += [Line(""), Line("See also:", "head")]
        show.append(Fields(tuple((c.name, _summary(c)) for c in others)))
    return Result({"command": _data(command)}, tuple(show))


def _summary(command: Command) -> str:
    """What it does, and which plugin it comes from."""
    return f"{command.summary} ({command.origin})" if command.origin else command.summary


def _flag(p: Parameter) -> str:
    name = f"-{p.short}, {p.flag}" if p.short else p.flag
    return name if p.kind == "flag" else f"{name} {p.metavar}"


def _help(p: Parameter) -> str:
    parts = [p.help]
    if p.choices:
        parts.append(f"({', '.join(p.choices)})")
    if p.default not in (None, False):
        parts.append(f"[{p.default:g}]" if isinstance(p.default, float) else f"[{p.default}]")
    return " ".join(part for part in parts if part)


def _data(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "summary": command.summary,
        "usage": command.usage,
        "aliases": list(command.aliases),
        "examples": list(command.examples),
        "writes": command.writes,
        "parameters": [
            {"name": p.name, "kind": p.kind, "help": p.help, "positional": p.positional}
            for p in command.parameters
        ],
    }
