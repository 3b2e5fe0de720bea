"""Reading a flow: everything wrong with it is found, with its line, before it starts."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError, FreeRouterError, NotFoundError, UsageError
from freerouter.parser import parse
from freerouter.registry import FRONT_END, did_you_mean
from freerouter.resources import flow_paths
from freerouter.verbs import REGISTRY
from freerouter.wizard.conditions import parse_condition
from freerouter.wizard.schema import (
    KINDS,
    PLACEHOLDER,
    Ask,
    Check,
    Choice,
    Each,
    End,
    Flow,
    Load,
    Run,
    RunLine,
    Say,
    Source,
)
from freerouter.wizard.templates import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freerouter.registry import Call, Parameter

Path = tuple[str | int, ...]


def load_flow(name: str, directories: Iterable[str]) -> Flow:
    """The flow of that name, checked. Raises NotFoundError or FileError with `file:line`."""
    paths = flow_paths(directories)
    if name not in paths:
        raise NotFoundError(
            f'There is no flow "{name}".',
            fix=did_you_mean(name, paths) or f"There are: {', '.join(sorted(paths))}.",
        )
    return flow_in(paths[name])


def flow_in(path: str) -> Flow:
    """The flow in a file, checked. What has not been written since is not read again."""
    try:
        stat = os.stat(path)
    except OSError:
        return read_flow(read_yaml(path))
    return _read_once(path, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=64)
def _read_once(path: str, _written: tuple[int, ...]) -> Flow:
    return read_flow(read_yaml(path))


def read_flow(document: Document) -> Flow:
    """Check a document: its fields, conditions, commands, and every name that it uses."""
    if not isinstance(document.data, dict):
        raise FileError(
            f"{document.name}: a flow is a map.", fix="It begins with `flow: NAME` and `title:`."
        )
    _check_kinds(document, document.data.get("steps") or [], ("steps",))
    try:
        flow = Flow.model_validate(document.data)
    except ValidationError as error:
        first = _first(error)
        path = tuple(p for p in first["loc"] if p not in _UNION_PARTS)
        unknown = first["type"] == "extra_forbidden"
        raise FileError(
            f"{document.place(path, key=unknown)}: {_word(first)}.",
            fix=did_you_mean(str(path[-1]), Flow.model_fields) if unknown else "",
        ) from None
    _Checker(document).steps(flow.steps, ("steps",), {})
    return flow


_UNION_PARTS = {
    *("Ask", "Load", "Say", "Run", "Each", "End", "RunLine", "Source", "str", "list[Choice]"),
}


def _check_kinds(document: Document, steps: Any, path: Path, *, inside: bool = False) -> None:
    """Validate each step as its own kind, so that an error speaks of that kind alone."""
    for number, step in enumerate(steps if isinstance(steps, list) else []):
        here = (*path, number)
        kind = next((k for k in KINDS if isinstance(step, dict) and k in step), None)
        if kind is None:
            near = did_you_mean(str(next(iter(step), "")), KINDS) if isinstance(step, dict) else ""
            raise FileError(
                f"{document.place(here)}: this is no step.",
                fix=near or f"A step begins with {', '.join(KINDS)}.",
            )
        if inside and kind in ("each", "done"):
            raise FileError(f"{document.place(here)}: `{kind}` cannot stand in a loop.")
        if kind == "each":
            _check_kinds(document, step.get("steps"), (*here, "steps"), inside=True)
        try:
            KINDS[kind].model_validate(step)
        except ValidationError as error:
            raise _misfit(document, here, KINDS[kind], _first(error)) from None


def _first(error: ValidationError) -> Any:
    """The error to tell: a field that is misspelt is missing as well."""
    errors = error.errors()
    return next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])


def _misfit(document: Document, here: Path, model: type, first: Any) -> FileError:
    inner = tuple(p for p in first["loc"] if p not in _UNION_PARTS)
    unknown = first["type"] == "extra_forbidden"
    near = did_you_mean(str(inner[-1]), _field_names(model)) if inner else ""
    return FileError(
        f"{document.place((*here, *inner), key=unknown)}: {_word(first)}.",
        fix=near if unknown else "",
    )


def _field_names(model: Any) -> set[str]:
    """The names of a step's fields as they are written, those of its parts included."""
    models = [model, *([Choice, Source, Check] if model is Ask else [RunLine])]
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _word(error: Any) -> str:
    name = error["loc"][-1] if error["loc"] else "the flow"
    if error["type"] == "extra_forbidden":
        return f'unknown key "{name}"'
    if error["type"] == "missing":
        return f'"{name}" is missing'
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"


class _Checker:
    """Walks a flow once and holds every name against what is known at that place.

    `known` maps a name to the values that it can have, or to None where they are not known.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._unconditional: set[str] = set()

    def steps(self, steps: Iterable[Any], path: Path, known: dict[str, Any], row: str = "") -> None:
        ended = False
        for number, step in enumerate(steps):
            here = (*path, number)
            if ended:
                raise self._wrong(
                    here, "this step is never reached", "`done` before it has no `when`."
                )
            scope = known | ({step.each: None} if isinstance(step, Each) else {})
            if step.when:
                self._condition(step.when, (*here, "when"), scope)
            self._step(step, here, known, row)
            ended = isinstance(step, End) and not step.when

    def _step(self, step: Any, here: Path, known: dict[str, Any], row: str) -> None:
        if isinstance(step, Ask):
            self._ask(step, here, known, row)
        elif isinstance(step, Load):
            self._query(step.query, (*here, "query"), known)
            known[step.load] = None
        elif isinstance(step, Say | End):
            field = "say" if isinstance(step, Say) else "done"
            self._names(getattr(step, field), (*here, field), known)
        elif isinstance(step, Run):
            for number, item in enumerate(step.run):
                self._run(item, (*here, "run", number), known)
        elif isinstance(step, Each):
            self._name(step.rows, (*here, "in"), known)
            inner = {**known, step.each: None, "answer": None}
            self.steps(step.steps, (*here, "steps"), inner, f"{step.each}.")

    def _ask(self, step: Ask, here: Path, known: dict[str, Any], row: str) -> None:
        for field in ("message", "help", "default", "placeholder"):
            self._names(getattr(step, field), (*here, field), known)
        for field in ("env", "keyring", "saved"):
            self._names(getattr(step.source, field, ""), (*here, "from", field), known)
        values = None
        if isinstance(step.choices, Source):
            self._name(step.choices.rows, (*here, "choices", "from"), known)
            self._filters(step.choices, (*here, "choices", "filters"))
        else:
            values = [choice.value for choice in step.choices]
        self._fits(step, values, here)
        if step.check:
            self._query(step.check.query, (*here, "check", "query"), {**known, "value": None})
        name = f"answer.{step.ask}" if row else step.ask
        if not step.when:
            if row + step.ask in self._unconditional:
                raise self._wrong(
                    (*here, "ask"), f'"{step.ask}" is asked twice', "Name it otherwise."
                )
            self._unconditional.add(row + step.ask)
        known[name] = values if step.type in ("choice", "many") else None

    def _fits(self, step: Ask, values: list[str] | None, here: Path) -> None:
        if step.type in ("choice", "many") and values == []:
            raise self._wrong(here, f'"choices" is missing, and {step.ask} is a {step.type}')
        if (step.min, step.max) != (None, None) and step.type not in ("int", "many"):
            raise self._wrong(here, f"min and max are for int and many, not for {step.type}")
        named = isinstance(step.default, str) and not PLACEHOLDER.search(step.default)
        if values and named and step.default not in values:
            near = did_you_mean(step.default, values) or f"One of: {', '.join(values)}."
            raise self._wrong((*here, "default"), f'"{step.default}" is no choice', near)
        if step.pattern:
            try:
                re.compile(step.pattern.pattern)
            except re.error as error:
                raise self._wrong(
                    (*here, "validate"), f"the pattern cannot be read: {error}"
                ) from None

    def _filters(self, source: Source, here: Path) -> None:
        for heading in source.filters:
            if heading not in source.columns:
                near = did_you_mean(heading, source.columns)
                raise self._wrong(here, f'there is no column "{heading}"', near)

    def _run(self, item: RunLine | str, here: Path, known: dict[str, Any]) -> None:
        line = item if isinstance(item, str) else item.line
        self._line(line, here if isinstance(item, str) else (*here, "line"), known)
        if isinstance(item, RunLine) and item.when:
            self._condition(item.when, (*here, "when"), known)
        if isinstance(item, RunLine) and item.input:
            self._name(item.input, (*here, "input"), known)

    def _query(self, line: str, here: Path, known: dict[str, Any]) -> None:
        call = self._line(line, here, known)
        if call and call.command.writes:
            raise self._wrong(
                here, f"`{call.command.name}` changes things, and a query only reads", "Use `run`."
            )

    def _line(self, line: str, here: Path, known: dict[str, Any]) -> Call | None:
        self._names(line, here, known)
        try:
            words = [word for part, _ in parts(line) for word in part]
            return None if words and PLACEHOLDER.match(words[0]) else _call(words)
        except FreeRouterError as error:
            raise FileError(f"{self._document.place(here)}: {error.what}", fix=error.fix) from None

    def _condition(self, text: str, here: Path, known: dict[str, Any]) -> None:
        try:
            condition = parse_condition(text)
        except FreeRouterError as error:
            raise FileError(f"{self._document.place(here)}: {error.what}", fix=error.fix) from None
        for name in condition.names:
            self._name(name, here, known)
        for name, value in condition.compared:
            values = known.get(name)
            if values and isinstance(value, str) and value not in values:
                near = did_you_mean(value, values) or f"It can be: {', '.join(values)}."
                raise self._wrong(here, f'{name} is never "{value}"', near)

    def _names(self, text: Any, here: Path, known: dict[str, Any]) -> None:
        for name in PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            self._name(name, here, known)

    def _name(self, name: str, here: Path, known: dict[str, Any]) -> None:
        root = name.split(".", maxsplit=1)[0]
        wanted = name if root == "answer" else root
        if wanted not in known:
            names = [n for n in known if n != "answer"]
            near = (
                did_you_mean(wanted, names)
                or f"Known here: {', '.join(sorted(names)) or 'nothing'}."
            )
            raise self._wrong(here, f'nothing is called "{wanted}" at this point', near)

    def _wrong(self, here: Path, what: str, fix: str = "") -> FileError:
        return FileError(f"{self._document.place(here)}: {what}.", fix=fix)


def _call(words: list[str]) -> Call:
    call = parse(_samples(words), REGISTRY)
    if call.command.target == FRONT_END:
        raise UsageError(f"`{call.command.name}` cannot stand in a flow.")
    return call


def _samples(words: list[str]) -> list[str]:
    """A command line with stand-ins for its placeholders, so that the parser can check the rest."""
    if not any(PLACEHOLDER.search(word) for word in words):
        return words
    command, used = REGISTRY.find([w for w in words if not PLACEHOLDER.search(w)][:2])
    options = {name: p for p in command.parameters for name in p.names if not p.positional}
    places = [p for p in command.parameters if p.positional]
    made = words[:used]
    for position, word in enumerate(words[used:], used):
        option = options.get(words[position - 1])
        if option and option.kind != "flag":
            made.append(_stand_in(option) if PLACEHOLDER.search(word) else word)
        elif word.startswith("-"):
            made.append(word)
        else:
            place = places[0] if places and places[0].many else places.pop(0) if places else None
            made.append(_stand_in(place) if place and PLACEHOLDER.search(word) else word)
    return made


def _stand_in(parameter: Parameter) -> str:
    if parameter.choices:
        return parameter.choices[0]
    return "1" if parameter.kind in ("int", "float") else "x"
