"""Completion at the prompt. What there is to offer is worked out in `freerouter.candidates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.completion import Completer, Completion

from freerouter.candidates import MOST, Candidate, Names, candidates, match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

__all__ = ["MOST", "Candidate", "Names", "ShellCompleter", "candidates", "match"]


class ShellCompleter(Completer):
    """prompt-toolkit's side of it."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt-toolkit's signature
    ) -> Iterable[Completion]:
        before = document.text_before_cursor
        words = before.split()
        current = "" if not before or before[-1].isspace() else words.pop()
        for found in match(current, candidates(words, current, self._names)):
            yield Completion(found.text, -len(current), display_meta=found.meta)
