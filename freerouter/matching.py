"""Fuzzy search: which texts hold the words of a query, the best first, and where they hold them.

A query is words; a part in double quotes is one word. Every word has to be found, whatever its
case: as it stands, or as letters in order, which never reach across the end of a line. Better is
what begins the text, then what begins a part of it (`gpt4o` in `openai/gpt-4o`), then what stands
together inside a part, then scattered letters; of equals what ends there, too, and what is earlier.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = re.compile(r'"([^"]*)"?|([^\s"]+)')
START, PART, PARTS, INSIDE, SCATTERED = 0, 1000, 1500, 2000, 4000
PER_END = 100
PER_RUN = 200
PER_GAP = 10
FARTHEST = 99
"""From here on it does not matter how far into the text a word is found."""


def rank(query: str, texts: Sequence[str], *, close: bool = False) -> list[int]:
    """The places of the texts that match, the best first; all, in order, where nothing is asked.

    Where they are to be `close`, scattered letters do not count.
    """
    found = dict.fromkeys(range(len(texts)), 0)
    for word in words(query):
        pattern = _in_order(word)
        better: dict[int, int] = {}
        for place, score in found.items():
            text = _folded(texts[place])
            at = text.find(word)
            if at >= 0:
                better[place] = score + _score_together(word, text, at)
            elif line := pattern.search(text):
                apart = _score_apart(_spread(word, text, line), text)
                if not (close and apart >= SCATTERED):
                    better[place] = score + apart
        found = better
    return sorted(found, key=found.__getitem__)


def positions(query: str, text: str) -> list[int]:
    """Where in the text the letters of the query were found; none where it does not match."""
    text = _folded(text)
    found: set[int] = set()
    for word in words(query):
        at = text.find(word)
        if at >= 0:
            at = _best_place(word, text, at)
            found.update(range(at, at + len(word)))
        elif line := _in_order(word).search(text):
            found.update(_spread(word, text, line))
        else:
            return []
    return sorted(found)


def words(query: str) -> list[str]:
    """The words of a query, as they are compared."""
    return [
        _folded(word) for quoted, plain in WORDS.findall(query) if (word := quoted.strip() or plain)
    ]


def _folded(text: str) -> str:
    """Small letters, each where the great one stood."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _in_order(word: str) -> re.Pattern[str]:
    """Finds a line that holds the letters in order. No letter is tried twice: it cannot be slow."""
    letters = (re.escape(letter) for letter in word)
    return re.compile("^" + "".join(f"[^{c}\n]*{c}" for c in letters), re.MULTILINE)


def _begins(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _best_place(word: str, text: str, at: int) -> int:
    """Where a part of the text begins with the word, else where the word is found first."""
    place = at
    while place > 0 and text[place - 1].isalnum():
        place = text.find(word, place + 1)
    return place if place >= 0 else at


def _score_together(word: str, text: str, at: int) -> int:
    at = _best_place(word, text, at)
    end = at + len(word)
    rest = 0 if text[end : end + 1] in ("", "\n") else 1 if not text[end].isalnum() else 2
    tier = START if at == 0 else PART if _begins(text, at) else INSIDE
    return tier + PER_END * rest + min(at, FARTHEST)


def _spread(word: str, text: str, line: re.Match[str]) -> list[int]:
    """One place for each letter, within the line: beginnings of parts, or as close as can be."""
    return _along_parts(word, text, line) or _closest(word, text, line)


def _along_parts(word: str, text: str, line: re.Match[str]) -> list[int]:
    """Each letter after the one before it or at the beginning of a part; [] where it cannot be."""
    found: list[int] = []
    at = line.start() - 1
    end = len(text) if (stop := text.find("\n", line.end())) < 0 else stop
    for letter in word:
        at += 1
        if not (found and at < end and text[at] == letter):
            at = text.find(letter, at, end)
            while at > 0 and text[at - 1].isalnum():
                at = text.find(letter, at + 1, end)
            if at < 0:
                return []
        found.append(at)
    return found


def _closest(word: str, text: str, line: re.Match[str]) -> list[int]:
    """Back from where the last letter is found first."""
    found: list[int] = []
    at = line.end()
    for letter in reversed(word):
        at = text.rfind(letter, 0, at)
        found.append(at)
    return found[::-1]


def _score_apart(places: list[int], text: str) -> int:
    gaps = places[-1] - places[0] + 1 - len(places)
    runs = [places[0], *(b for a, b in pairwise(places) if b > a + 1)]
    if all(_begins(text, at) for at in runs):
        return PARTS + PER_RUN * (len(runs) - 1) + min(places[0], FARTHEST)
    return SCATTERED + PER_RUN * len(runs) + PER_GAP * min(gaps, FARTHEST)
