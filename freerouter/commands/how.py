"""`how`: plain questions, answered by the registry's own words. No model is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.result import Line, Result
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from freerouter.context import Context
    from freerouter.registry import Command
    from freerouter.result import Block

PASSED_OVER = frozenset(
    {
        *("a", "an", "and", "any", "are", "be", "can", "could", "do", "does", "for", "from"),
        *("get", "how", "i", "in", "is", "it", "make", "me", "my", "new", "of", "on", "one", "or"),
        *("see", "should", "that", "the", "there", "this", "to", "want", "what", "where"),
        *("which", "with", "without", "would", "you"),
    }
)
MEANT = {
    "begin": "start",
    "launch": "start",
    "kill": "stop",
    "quit": "stop",
    "delete": "remove",
    "drop": "remove",
    "choose": "select",
    "pick": "select",
    "test": "check",
    "broken": "wrong",
    "fix": "wrong",
    "token": "key",
    "chat": "ask",
    "restart": "reload",
    "download": "fetch",
    "refresh": "fetch",
    "update": "fetch",
}
"""What people say, and what the registry says."""
MOST = 3
NAME, SUMMARY, REST = 6.0, 3.0, 1.0


ASKING = ("how", "what", "which", "where", "can")
"""Words with which a plain question begins."""
NEXT = ("next", "now", "is next", "comes next")


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    return answered(ctx, args["question"])


def answered(ctx: Context, words: Sequence[str]) -> Result:
    """The answer to a question without its first word."""
    question = " ".join(words).rstrip("?").strip()
    if question.lower() in NEXT:
        from freerouter.commands.next import run as come_next

        return come_next(ctx, {})
    from freerouter.providers.catalogue_names import known_ids
    from freerouter.providers.plugged import plugged_records

    return answer(question, {*known_ids(), *plugged_records()})


class Found(NamedTuple):
    """A command that answers a question, and the line to type."""

    command: Command
    line: str


def commands_for(question: str, providers: Collection[str]) -> list[Found]:
    """The commands whose words are those of the question, the best first."""
    asked = _words(question)
    provider = next((w for w in re.findall(r"[\w.-]+", question.lower()) if w in providers), "")
    asked -= _words(provider)
    if provider:
        asked.add("provider")
    told = {command: _told_by(command) for command in REGISTRY.visible}
    scores: dict[Command, float] = {}
    for command, words in told.items():
        score = sum(
            weight / (1 + sum(word in other for other in told.values())) ** 0.5
            for word, weight in words.items()
            if word in asked
        )
        if score:
            scores[command] = score
    best = sorted(scores, key=scores.__getitem__, reverse=True)[:MOST]
    return [Found(command, _line(command, provider)) for command in best]


def answer(question: str, providers: Collection[str]) -> Result:
    """What is said; it offers the line that comes nearest."""
    found = commands_for(question, providers) if question else []
    if not found:
        text = "No command has these words. `help` lists all of them, `doctor` finds what is wrong."
        return Result({"commands": [], "offers": "help"}, (Line(text, "prose"),))
    show: list[Block] = []
    for one in found:
        show += [Line(f"  {one.line}", "head"), Line(f"      {one.command.summary}", "prose")]
    show.append(Line(f"`help {found[0].command.name}` tells more.", "dim"))
    return Result({"commands": [one.line for one in found], "offers": found[0].line}, tuple(show))


def _told_by(command: Command) -> dict[str, float]:
    """The words of a command, and how much each counts."""
    options = [f"{p.name} {p.help} {' '.join(p.choices)}" for p in command.parameters]
    rest = " ".join([command.details, *command.examples, *options])
    found = dict.fromkeys(_words(rest), REST)
    found |= dict.fromkeys(_words(command.summary), SUMMARY)
    return found | dict.fromkeys(_words(" ".join([command.name, *command.aliases])), NAME)


def _words(text: str) -> set[str]:
    words = (_stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()))
    return {word for word in words if word not in PASSED_OVER}


def _stem(word: str) -> str:
    """`keys` and `key` are one word."""
    word = MEANT.get(word, word)
    long = len(word) > 3  # noqa: PLR2004 - `is`, `has`
    return MEANT.get(word[:-1], word[:-1]) if long and word.endswith("s") else word


def _line(command: Command, provider: str) -> str:
    """The command with the provider that was named, where it takes one."""
    if provider and any(p.complete == "provider" and p.positional for p in command.parameters):
        return f"{command.name} {provider}"
    return command.name
