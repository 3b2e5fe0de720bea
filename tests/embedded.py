"""Blocks of the docs that show a session of `transcripts/`, or a file beside one.

    <!-- transcript: first-run.frs -->               the whole session
    <!-- transcript: first-run.frs == Afterwards --> one phase of it

The block below such a mark is what a person sees where its fence says `console`; otherwise it is
the file as it is written. `python tests/embedded.py` writes all of them anew.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from freerouter.process.engine import PINNED
from freerouter.resources import flow_paths, flows_directory
from freerouter.scripts.nodes import AnswerLine, Expect, Phase, Question, Step
from freerouter.scripts.patterns import ANY_LINES, Placeholder
from freerouter.scripts.runner import read_script
from freerouter.wizard.checking import load_flow
from freerouter.wizard.messages import HIDDEN
from freerouter.wizard.schema import asks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.scripts.nodes import Node, Script
    from freerouter.scripts.patterns import Pattern

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = ROOT / "transcripts"
BLOCK = re.compile(
    r"^(?P<mark><!-- transcript: (?P<file>\S+)(?: == (?P<phase>.+?))? -->\n"
    r"```(?P<language>\w+)\n)(?P<shown>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SAMPLES = {
    "any": "…",
    "date": "2026-01-02",
    "duration": "2.9 s",
    "float": "0.5",
    "int": "8443",
    "path": "/home/ada",
    "port": "4000",
    "version": PINNED,
    "word": "word",
}
"""What is shown for a placeholder of a kind. A second one, `{port2}` say, is one more."""
NAMED = {
    "backup": "20260131_180002",
    "backup2": "20260131_180001",
    "backup3": "20260131_180003",
    "backup4": "20260131_180004",
    "backup5": "20260131_180005",
    "backup6": "20260131_180006",
    "flows": "/opt/freerouter/flows",
    "free": "120",
    "freerouter": "freerouter",
    "memory": "330",
    "hour": "1",
    "holder": "python3 (process 8443)",
    "project": "/home/ada/work/config",
    "requests": "1",
    "root": "/home/ada/.config/freerouter",
    "up": "3s",
    "usual": "24000",
    "wait": "60 min",
}
"""What is shown for a placeholder of that name."""
SERVER = re.compile(r"\$\{\w+_(PORT|URL)\}")
"""The variables of fake providers."""
MOVES = {
    "^back": "(back)",
    "^cancel": "(given up)",
    "^default": "(as offered)",
    "^help": "(help)",
    "^skip": "skipped",
}
"""What is shown of an answer that is no value."""


class NotShownError(ValueError):
    """A session of which nobody can say what it looks like."""


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def renewed(text: str) -> str:
    """A document with every block as it should be."""
    return BLOCK.sub(lambda block: f"{block['mark']}{content(block)}```", text)


def content(block: re.Match[str]) -> str:
    path = TRANSCRIPTS / block["file"]
    if block["language"] != "console":
        return path.read_text(encoding="utf-8")
    return "".join(f"{line}\n" for line in shown(read_script(str(path)), block["phase"]))


def shown(script: Script, phase: str | None = None) -> Iterator[str]:
    """What a person sees of a session, or of one of its phases."""
    nodes = script.steps if phase is None else _phase(script, phase)
    for node in nodes:
        if isinstance(node, Step):
            yield from _command(node)


def _phase(script: Script, title: str) -> list[Node]:
    titles = [node.title if isinstance(node, Phase) else None for node in script.steps]
    begin = titles.index(title) + 1
    others = [place for place, found in enumerate(titles) if found and place >= begin]
    return list(script.steps[begin : others[0] if others else None])


def _command(step: Step) -> Iterator[str]:
    yield f"$ freerouter {SERVER.sub(_server, step.text)}"
    asked: Question | None = None
    for said in step.talk:
        if isinstance(said, Expect):
            yield _line(said.pattern)
        elif isinstance(said, Question):
            asked = said
        elif isinstance(said, AnswerLine) and asked:
            yield f"? {asked.text or asked.id}  {_answer(asked, said.text)}".rstrip()


def _server(found: re.Match[str]) -> str:
    url = f"http://127.0.0.1:{SAMPLES['port']}/v1"
    return url if found[1] == "URL" else SAMPLES["port"]


def _line(pattern: Pattern) -> str:
    if pattern.mode == ANY_LINES:
        return "…"
    if pattern.mode not in ("exact", "?"):
        raise NotShownError(f"`{pattern.text}` is no line that can be shown.")
    return "".join(
        sample(part) if isinstance(part, Placeholder) else part for part in pattern.parts
    )


def sample(placeholder: Placeholder) -> str:
    """What stands for a placeholder: the same at every place and in every run."""
    base = placeholder.name.rstrip("0123456789")
    value = NAMED.get(placeholder.name) or NAMED.get(base) or SAMPLES[placeholder.kind]
    number = placeholder.name[len(base) :]
    return str(int(value) + int(number) - 1) if number and value.isdecimal() else value


def _answer(question: Question, text: str) -> str:
    if text.startswith("^"):
        return MOVES.get(text, text.removeprefix("^"))
    return "(not shown)" if question.id.rsplit(".", 1)[-1] in secrets() else text


@cache
def secrets() -> frozenset[str]:
    """The questions whose answers are typed unseen."""
    flows = [load_flow(name, [flows_directory()]) for name in flow_paths([flows_directory()])]
    return frozenset({HIDDEN, *(a.ask for flow in flows for a in asks(flow) if a.type == "secret")})


def main() -> int:
    for path in documents():
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
