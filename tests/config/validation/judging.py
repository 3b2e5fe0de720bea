"""Judging a text as `validate` does. `«` marks where a finding is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.validation import groups, litellm, references
from freerouter.config.validation.findings import placed
from freerouter.config.validation.known import load
from freerouter.config.validation.reading import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.validation.findings import Finding

TODAY = "2026-11-24"
NAME = "f.yaml"
MARK = "«"


class Marked(NamedTuple):
    """A text without its mark, and where that stood."""

    text: str
    line: int
    column: int


def marked(text: str) -> Marked:
    before = text.partition(MARK)[0]
    assert before != text, "nothing is marked"
    line = before.count("\n") + 1
    return Marked(text.replace(MARK, ""), line, len(before) - before.rfind("\n"))


def of_litellm(text: str, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """What is told of a config of LiteLLM, with these variables set."""
    found = parsed(text.encode(), NAME, NAME)
    assert found.document, found.findings
    data = found.document.data
    texts = tuple(references.strings(data, ()))
    get = dict(environ or {"LITELLM_MASTER_KEY": "k" * 32}).get
    config = litellm.Config(data, load(), TODAY, get=get, text=text, texts=texts)
    hits = [hit for check in (*litellm.CHECKS, *groups.CHECKS) for hit in check(config)]
    hits += litellm.check_includes(config, "/nowhere")
    return [*found.findings, *(placed(found.document, hit) for hit in hits)]
