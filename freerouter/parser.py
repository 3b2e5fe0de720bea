"""The one parser: argv, a shell line, a script line and a flow step all become a `Call` here."""

from __future__ import annotations

from typing import Any

from freerouter.errors import UsageError
from freerouter.redact import KEY_SHAPES, sets_secret
from freerouter.registry import Call, Command, Parameter, Registry, did_you_mean

GLOBALS = (
    Parameter("json", "flag", "print the result as JSON"),
    Parameter("plain", "flag", "plain text: no colour, no cursor control"),
    Parameter("help", "flag", "show help for the command", short="h"),
    Parameter("profile", "text", "use this profile of the workspace", complete="profile"),
    Parameter("record", "text", "write what is asked, answered and said into a file for `run`"),
)

HELP = {"-h", "--help"}


def split_line(line: str) -> list[str]:
    """Words of a typed line, with shell quoting. A leading `freerouter` is taken off."""
    import io
    import shlex

    text = io.StringIO(line)
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = []
    try:
        # A comment begins where a word would: shlex's own would also cut `C#` in two.
        while not line[text.tell() :].lstrip().startswith("#"):
            word = lexer.get_token()
            if word is None:
                break
            words.append(word)
    except ValueError as error:
        raise UsageError(
            f"This line cannot be read: {str(error).lower()}.", fix="Close the quote."
        ) from None
    return words[1:] if words[:1] == ["freerouter"] else words


def parse(tokens: list[str], registry: Registry) -> Call:
    """Tokens to a call. Raises UsageError with what was probably meant."""
    refuse_secrets(tokens)
    typed = _without_record(tokens)
    given, tokens = _take_leading_globals(tokens)
    if not tokens:
        if given.pop("help", False):
            return Call(registry.get("help"), {"command": []})
        raise UsageError("No command was given.", fix="`help` lists the commands.")
    if registry.is_only_a_group(tokens) and (given.get("help") or HELP.intersection(tokens)):
        return parse(
            ["help", tokens[0], *(word for word in tokens[1:] if word not in HELP)], registry
        )
    command, used = registry.find(tokens)
    values = _read(command, tokens[used:], given)
    output = "json" if given.pop("json", False) else "plain" if given.pop("plain", False) else ""
    profile, record = given.pop("profile", ""), given.pop("record", "")
    if given.pop("help", False):
        return Call(registry.get("help"), {"command": command.name.split()}, output, profile)
    _check_required(command, values)
    return Call(command, values, output, profile, record, typed)


def _without_record(tokens: list[str]) -> tuple[str, ...]:
    """The words of a call, but for where it is recorded."""
    kept: list[str] = []
    words = iter(tokens)
    for word in words:
        if word == "--record":
            next(words, None)
        elif not word.startswith("--record="):
            kept.append(word)
    return tuple(kept)


def refuse_secrets(tokens: list[str]) -> None:
    """A key never belongs on a command line: it would stay in history and in the process list."""
    import re

    for token in tokens:
        if re.search(KEY_SHAPES, token):
            raise UsageError(
                "A word on this line looks like a key, and keys never go on a command line.",
                fix="`keys set PROVIDER` asks for it without showing it.",
            )
    if sets_secret(" ".join(tokens)):
        raise UsageError(
            "`config set` takes no key itself: it would stand in providers.yaml and in a history.",
            "Nothing was changed.",
            "`keys set PROVIDER` asks for it unseen; '${NAME}' stands for a variable.",
        )


def _take_leading_globals(tokens: list[str]) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    rest = list(tokens)
    while rest and rest[0].startswith("-"):
        parameter, value, rest = _option(rest, GLOBALS, None)
        given[parameter.name] = value
    return given, rest


def _read(command: Command, tokens: list[str], given: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {p.name: [] if p.many else p.default for p in command.parameters}
    options = tuple(p for p in command.parameters if not p.positional)
    words: list[str] = []
    rest = list(tokens)
    while rest:
        word = rest[0]
        if word == "--":
            words += rest[1:]
            break
        if word.startswith("-") and len(word) > 1:
            rest = _split_cluster(rest, options)
            parameter, value, rest = _option(rest, (*options, *GLOBALS), command)
            if parameter in GLOBALS:
                given[parameter.name] = value
            elif parameter.many:
                values[parameter.name].append(value)
            else:
                values[parameter.name] = value
        else:
            words.append(rest.pop(0))
    _place(command, words, values)
    return values


def _place(command: Command, words: list[str], values: dict[str, Any]) -> None:
    for parameter in (p for p in command.parameters if p.positional):
        if parameter.many:
            values[parameter.name] = [_typed(parameter, w, command) for w in words]
            words = []
        elif words:
            values[parameter.name] = _typed(parameter, words.pop(0), command)
    if words:
        raise UsageError(
            f'"{words[0]}" is one word too many for `{command.name}`.',
            fix=f"Usage: {command.usage}",
        )


def _check_required(command: Command, values: dict[str, Any]) -> None:
    for parameter in command.parameters:
        # What may be piped is filled in after this; the command says if it is missing.
        wanted = parameter.required and not parameter.piped
        if wanted and values[parameter.name] in (None, []):
            name = parameter.metavar if parameter.positional else parameter.flag
            raise UsageError(f"`{command.name}` needs {name}.", fix=f"Usage: {command.usage}")


def _split_cluster(tokens: list[str], options: tuple[Parameter, ...]) -> list[str]:
    """`-rd` to `-r -d`, and `-n5` to `-n 5`."""
    word = tokens[0]
    if word.startswith("--") or len(word) == 2:  # noqa: PLR2004 - a dash and a letter
        return tokens
    first = next((p for p in options if p.short == word[1]), None)
    if first is None:
        return tokens
    tail = word[2:] if first.kind != "flag" else "-" + word[2:]
    return [word[:2], tail, *tokens[1:]]


def _option(
    tokens: list[str], options: tuple[Parameter, ...], command: Command | None
) -> tuple[Parameter, Any, list[str]]:
    name, equals, inline = tokens[0].partition("=")
    found = next((p for p in options if name in p.names), None)
    where = f"`{command.name}`" if command else "freerouter"
    if found is None:
        near = did_you_mean(name, [p.flag for p in options])
        usage = f"Usage: {command.usage}" if command else "`freerouter help` shows what there is."
        raise UsageError(f"{where} has no option {name}.", fix=near or usage)
    if found.kind == "flag":
        if equals:
            raise UsageError(f"{name} takes no value.")
        return found, True, tokens[1:]
    if equals:
        return found, _typed(found, inline, command), tokens[1:]
    if len(tokens) == 1:
        raise UsageError(f"{name} needs a value: {name} {found.metavar}.")
    return found, _typed(found, tokens[1], command), tokens[2:]


def _typed(parameter: Parameter, word: str, command: Command | None) -> Any:
    name = parameter.metavar if parameter.positional else parameter.flag
    if parameter.choices and word not in parameter.choices:
        fix = did_you_mean(word, parameter.choices) or f"One of: {', '.join(parameter.choices)}."
        raise UsageError(f'{name} cannot be "{word}".', fix=fix)
    convert = {"int": int, "float": float}.get(parameter.kind)
    if convert is None:
        return word
    try:
        return convert(word)
    except ValueError:
        usage = f"Usage: {command.usage}" if command else ""
        raise UsageError(f'{name} takes a number, not "{word}".', fix=usage) from None
