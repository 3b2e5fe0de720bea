"""What a flow file may say. Published as a JSON Schema, so that editors can help writing one."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
"""`{name}` or `{row.field}` in a text or a command line."""


class Strict(BaseModel):
    """A part of a flow: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Conditional(Strict):
    when: str = Field("", description="A condition; without one the step always counts.")


class Choice(Strict):
    """One fixed choice."""

    value: str
    label: str = ""
    hint: str = ""
    disabled: str = Field("", description="Why it cannot be chosen.")


class Source(Strict):
    """Choices out of loaded rows: `from` names the list, the others name fields of a row."""

    rows: str = Field(alias="from", description="A loaded list, such as `found.providers`.")
    value: str
    label: str
    hint: str = ""
    disabled: str = Field("", description="The field that holds why a row cannot be chosen.")
    columns: dict[str, str] = Field({}, description="Headings of more columns, and their fields.")
    filters: list[str] = Field([], description="Headings by which rows can be narrowed down.")


class Check(Strict):
    """A live check. The command gets the answer as `{value}`, or unseen where it has none.

    Its data may hold `verdict` (refused: asked again), `message`, `fix`, and `answer`, which
    replaces what was answered. It is bounded in time by the command itself.
    """

    query: str


class Pattern(Strict):
    """What a text must look like."""

    pattern: str = Field(description="A regular expression that the whole answer must match.")
    message: str = Field("", description="What to say where it does not.")


class From(Strict):
    """Where an answer may come from besides the user; the first that has one wins."""

    env: str = Field("", description="An environment variable.")
    keyring: str = Field("", description="A name in the system's keyring, where one is installed.")
    saved: str = Field("", description="A loaded value, such as `{here.port}`.")


class Ask(Conditional):
    """A question. Inside a loop its id is `ROW.ID`."""

    ask: str = Field(description="Its id, by which `--set`, scripts and conditions name it.")
    type: Literal["text", "secret", "int", "confirm", "choice", "many", "path", "url"]
    message: str
    help: str = ""
    default: Any = None
    placeholder: str = Field("", description="An example, shown while nothing is typed.")
    optional: bool = Field(False, description="It may be left empty.")
    advanced: bool = Field(False, description="Not asked without --advanced: the default is taken.")
    choices: list[Choice] | Source = Field(
        [], description="For choice and many; for text, path and url they are suggestions."
    )
    min: int | None = Field(None, description="Lowest number, or fewest choices.")
    max: int | None = Field(None, description="Highest number, or most choices.")
    pattern: Pattern | None = Field(None, alias="validate")
    check: Check | None = None
    source: From | None = Field(None, alias="from")


class Load(Conditional):
    """A read-only query: a command whose data is kept under a name. Done when first needed."""

    load: str
    query: str


class Say(Conditional):
    """A sentence shown once."""

    say: str


class RunLine(Conditional):
    """A command of the plan. `[--option {answer}]` is left out where the answer is not set."""

    line: str
    input: str = Field("", description="The answer that is the command's hidden input.")


class Run(Conditional):
    """Commands for the plan: the only thing in a flow that changes anything."""

    run: list[RunLine | str]


class End(Conditional):
    """The end of the flow; what is said once all commands have run."""

    done: str


class Each(Conditional):
    """A loop over rows; `when` chooses them, `key` is the field that names one in question ids."""

    each: str
    rows: str = Field(alias="in")
    key: str = "id"
    steps: list[Ask | Load | Say | Run]


Step = Ask | Load | Say | Run | Each | End


class Flow(Strict):
    """A whole flow file."""

    flow: str
    title: str
    steps: list[Step]


KINDS: dict[str, type[Conditional]] = {
    "ask": Ask,
    "load": Load,
    "say": Say,
    "run": Run,
    "each": Each,
    "done": End,
}


def asks(flow: Flow) -> list[Ask]:
    """Every question of a flow, those of its loops included."""
    found: list[Ask] = []
    for step in flow.steps:
        found += [
            s for s in (step.steps if isinstance(step, Each) else [step]) if isinstance(s, Ask)
        ]
    return found
