"""Words that may be completed: what each is, whether it can be used now, how they are ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.matching import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST = 30
"""No more are offered."""
NOT_LATELY = 1000


class Candidate(NamedTuple):
    """A word that may stand here, and what it is."""

    text: str
    meta: str = ""
    cannot: str = ""
    """Why it cannot be used now, and what would change that."""
    weight: int = 0
    """Of equals that were not used lately, the one with the smaller weight is better."""


class Group(NamedTuple):
    """Candidates of one kind, made ready to be searched."""

    candidates: tuple[Candidate, ...]
    searched: Index

    def find(self, query: str, most: int = MOST) -> list[Candidate]:
        """Those that match, the best first."""
        return [self.candidates[place] for place in self.searched.find(query, most)]

    def reweighed(self, recent: Mapping[str, int]) -> Group:
        """The same, with what was used lately before its equals."""
        return self._replace(searched=self.searched.reweighed(_weights(self.candidates, recent)))


def grouped(candidates: Iterable[Candidate], recent: Mapping[str, int] | None = None) -> Group:
    found = tuple(candidates)
    return Group(found, Index([c.text for c in found], _weights(found, recent or {})))


def _weights(candidates: Iterable[Candidate], recent: Mapping[str, int]) -> list[int]:
    return [
        NOT_LATELY + candidate.weight if at is None else at
        for candidate in candidates
        for at in (recent.get(candidate.text),)
    ]
