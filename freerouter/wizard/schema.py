"""What a flow file may say, and reading one: everything wrong with it is found before it starts."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError, FreeRouterError, NotFoundError
from freerouter.parser import parse, split_line
from freerouter.registry import did_you_mean
from freerouter.verbs import REGISTRY
from freerouter.wizard.conditions import parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str = ""


class Choice(BaseModel):
    """One fixed choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str
    label: str = ""
    hint: str = ""


class Source(BaseModel):
    """Choices out of loaded rows: `rows` names the list, the others name fields of a row."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    rows: str = Field(alias="from")
    value: str
    label: str
    hint: str = ""


class Check(BaseModel):
    """A live check of an answer: a command, with the answer as its hidden input."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str


class Ask(_Strict):
    """A question. Inside a loop its id is `ITEM.ID`."""

    ask: str
    type: Literal["text", "secret", "int", "confirm", "choice", "many", "url"]
    message: str
    help: str = ""
    default: Any = None
    optional: bool = False
    choices: list[Choice] | Source = Field(default_factory=list)
    min: int = 0
    check: Check | None = None


class Load(_Strict):
    """A read-only query: a command whose data is kept under a name."""

    load: str
    query: str


class Say(_Strict):
    """A sentence shown once."""

    say: str


class RunLine(BaseModel):
    """A command of the plan. `input` names the answer that is its hidden input."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: str
    when: str = ""
    input: str = ""


class Run(_Strict):
    """Commands for the plan: the only thing in a flow that changes anything."""

    run: list[RunLine | str]


class Each(_Strict):
    """A loop over rows; `when` chooses them, `key` is the field that names one in question ids."""

    each: str
    rows: str = Field(alias="in")
    key: str = "id"
    steps: list[Ask | Load | Say | Run]


class Flow(BaseModel):
    """A whole flow file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flow: str
    title: str
    steps: list[Ask | Load | Say | Run | Each]


KINDS: dict[str, type[BaseModel]] = {"ask": Ask, "load": Load, "say": Say, "run": Run, "each": Each}


def load_flow(name: str, directories: Iterable[str]) -> Flow:
    """The flow of that name, checked. Raises NotFoundError or FileError with `file:line`."""
    paths = {
        entry[:-5]: os.path.join(directory, entry)
        for directory in directories
        if os.path.isdir(directory)
        for entry in sorted(os.listdir(directory))
        if entry.endswith(".yaml")
    }
    if name not in paths:
        raise NotFoundError(f'There is no flow "{name}".', fix=did_you_mean(name, paths))
    return read_flow(read_yaml(paths[name]))


def read_flow(document: Document) -> Flow:
    """Check a document: its fields, conditions, commands, and every name that it uses."""
    _check_kinds(document, (document.data or {}).get("steps") or [], ("steps",))
    try:
        flow = Flow.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(p for p in first["loc"] if p not in _UNION_PARTS)
        raise FileError(
            f"{document.place(path)}: {_word(first)}.", fix=_near(first, path)
        ) from None
    _Checker(document).steps(flow.steps, ("steps",), set())
    return flow


_UNION_PARTS = {"Ask", "Load", "Say", "Run", "Each", "RunLine", "Source", "str", "list[Choice]"}


def _check_kinds(document: Document, steps: Any, path: tuple[str | int, ...]) -> None:
    """Validate each step as its own kind, so that an error speaks of that kind alone."""
    for number, step in enumerate(steps if isinstance(steps, list) else []):
        here = (*path, number)
        kind = next((k for k in KINDS if isinstance(step, dict) and k in step), None)
        if kind is None:
            raise FileError(
                f"{document.place(here)}: this is no step.",
                fix=f"A step begins with {', '.join(KINDS)}.",
            )
        if kind == "each":
            _check_kinds(document, step.get("steps"), (*here, "steps"))
        try:
            KINDS[kind].model_validate(step)
        except ValidationError as error:
            first = error.errors()[0]
            inner = tuple(p for p in first["loc"] if p not in _UNION_PARTS)
            known = KINDS[kind].model_fields
            near = did_you_mean(str(inner[-1]), known) if inner else ""
            unknown = first["type"] == "extra_forbidden"
            raise FileError(
                f"{document.place((*here, *inner), key=unknown)}: {_word(first)}.",
                fix=near if unknown else "",
            ) from None


def _word(error: Any) -> str:
    name = error["loc"][-1] if error["loc"] else "the flow"
    if error["type"] == "extra_forbidden":
        return f'unknown key "{name}"'
    if error["type"] == "missing":
        return f'"{name}" is missing'
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _near(error: Any, path: tuple[Any, ...]) -> str:
    return (
        did_you_mean(str(path[-1]), Flow.model_fields) if error["type"] == "extra_forbidden" else ""
    )


class _Checker:
    """Walks a flow once and holds every name against what is known at that place."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def steps(self, steps: Iterable[Any], path: tuple[str | int, ...], known: set[str]) -> None:
        for number, step in enumerate(steps):
            here = (*path, number)
            scope = known | ({step.each} if isinstance(step, Each) else set())
            if step.when:
                self._condition(step.when, (*here, "when"), scope)
            self._step(step, here, known)

    def _step(self, step: Any, here: tuple[str | int, ...], known: set[str]) -> None:
        if isinstance(step, Ask):
            for field in ("message", "help", "default"):
                self._names(getattr(step, field), (*here, field), known)
            if isinstance(step.choices, Source):
                self._name(step.choices.rows, (*here, "choices", "from"), known)
            if step.check:
                self._line(step.check.query, (*here, "check", "query"), known)
            known.add("answer" if len(here) > 2 else step.ask)  # noqa: PLR2004 - inside a loop
        elif isinstance(step, Load):
            self._line(step.query, (*here, "query"), known)
            known.add(step.load)
        elif isinstance(step, Say):
            self._names(step.say, (*here, "say"), known)
        elif isinstance(step, Run):
            for number, item in enumerate(step.run):
                self._run(item, (*here, "run", number), known)
        elif isinstance(step, Each):
            self._name(step.rows, (*here, "in"), known)
            self.steps(step.steps, (*here, "steps"), known | {step.each, "answer"})

    def _run(self, item: RunLine | str, here: tuple[str | int, ...], known: set[str]) -> None:
        self._line(item if isinstance(item, str) else item.line, here, known)
        if isinstance(item, RunLine) and item.when:
            self._condition(item.when, (*here, "when"), known)
        if isinstance(item, RunLine) and item.input:
            self._name(item.input, (*here, "input"), known)

    def _line(self, line: str, here: tuple[str | int, ...], known: set[str]) -> None:
        self._names(line, here, known)
        try:
            parse(_samples(split_line(line)), REGISTRY)
        except FreeRouterError as error:
            raise FileError(f"{self._document.place(here)}: {error.what}", fix=error.fix) from None

    def _condition(self, text: str, here: tuple[str | int, ...], known: set[str]) -> None:
        try:
            condition = parse_condition(text)
        except FreeRouterError as error:
            raise FileError(f"{self._document.place(here)}: {error.what}", fix=error.fix) from None
        for name in condition.names:
            self._name(name, here, known)

    def _names(self, text: Any, here: tuple[str | int, ...], known: set[str]) -> None:
        for name in PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            self._name(name, here, known)

    def _name(self, name: str, here: tuple[str | int, ...], known: set[str]) -> None:
        root = name.split(".", maxsplit=1)[0]
        if root not in known:
            raise FileError(
                f'{self._document.place(here)}: nothing is called "{root}" at this point.',
                fix=did_you_mean(root, known)
                or f"Known here: {', '.join(sorted(known)) or 'nothing'}.",
            )


def _samples(words: list[str]) -> list[str]:
    """A command line with stand-ins for its placeholders, so that the parser can check the rest."""
    made = []
    for position, word in enumerate(words):
        previous = words[position - 1] if position else ""
        stand_in = {"--port": "4000", "--at": "user"}.get(previous, "x")
        made.append(stand_in if PLACEHOLDER.search(word) else word)
    return made
