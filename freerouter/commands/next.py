"""`next`: what would naturally come next, out of how things stand. And what mends a failed line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.result import Line, Result
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.errors import FreeRouterError
    from freerouter.standing import Standing

QUOTED = re.compile(r"`([^`]+)`")
MEANT = re.compile(r'Did you mean "([^"]+)"\?')


class Step(NamedTuple):
    """A line to type, and why."""

    line: str
    why: str


def run(ctx: Context, _args: Mapping[str, Any]) -> Result:
    from freerouter.standing import look

    return told(next_step(look(ctx)))


def told(step: Step) -> Result:
    return Result(
        {**step._asdict(), "offers": step.line},
        (Line(step.why, "prose"), Line(f"  {step.line}", "head")),
    )


def next_step(now: Standing) -> Step:
    """The one thing that brings somebody on from here."""
    if not now.configured:
        return Step("init --wizard", "Nothing is set up yet.")
    if not now.has_models:
        return Step("fetch", "The providers have not been asked for their models yet.")
    if now.listed and not now.served:
        return Step("select", "Models are listed, and none of them is chosen.")
    if now.crashed:
        return Step("doctor", "The gateway has ended unexpectedly.")
    if not now.address:
        return Step("start", "All is set up, and the gateway is not running.")
    if now.failing:
        names = ", ".join(f"{name} ({what})" for name, what in sorted(now.failing.items()))
        return Step("doctor", f"Failing: {names}.")
    if now.quota:
        return Step("quota", f"Nearly used up: {now.quota[0].short}.")
    if not now.requests:
        return Step('ask "Say hello"', "The gateway runs, and nobody has asked it anything today.")
    return Step("status", "Nothing is wrong, and nothing is left to do.")


def command_in(fix: str) -> str:
    """The line that the words of a fix name, up to where something is to be filled in."""
    found = QUOTED.search(fix)
    own = {name.split()[0] for name in REGISTRY.own_names}
    if not found or found[1].removeprefix("freerouter ").split(" ")[0] not in own:
        return ""
    words: list[str] = []
    for word in found[1].removeprefix("freerouter ").split(" "):
        if len(word) > 1 and word.isupper():
            return " ".join([*words, ""])
        words.append(word)
    return " ".join(words)


def mended(line: str, error: FreeRouterError) -> str:
    """The line that mends it: what was meant by the line, or the command that the error names."""
    meant = MEANT.search(error.fix)
    if not meant:
        return command_in(error.fix)
    from difflib import SequenceMatcher

    def alike(word: str) -> float:
        return SequenceMatcher(None, word, meant[1]).ratio()

    words = line.split(" ")
    size = len(meant[1].split(" "))
    spans = [" ".join(words[at : at + size]) for at in range(len(words))]
    nearest = max(spans, key=alike, default="")
    return line.replace(nearest, meant[1], 1) if nearest else ""
