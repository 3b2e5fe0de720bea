"""Fuzzy search: which texts hold the words of a query, the best first, and where they hold them.

A query is words; a part in double quotes is one word. Every word has to be found, whatever its
case: as it stands, or as letters in order, which never reach across the end of a line. Better is
what begins the text, then what begins a part of it (`gpt4o` in `openai/gpt-4o`), then what stands
together inside a part, then scattered letters. Of those, better is what ends where a part ends,
and what has the capitals that were typed. Equals are told apart by their weight, then by the length
of their first line, then by their place.
"""

from __future__ import annotations

import re
from copy import copy
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORDS = re.compile(r'"([^"]*)"?|([^\s"]+)')
PARTS_OF = re.compile(r"[^\W_]+")
"""The parts of a text: letters and digits that stand together."""
BEGIN, END = "\x01", "\x02"
"""Marks of where a part begins and ends."""
START, PART, PARTS, INSIDE, SCATTERED = 0, 1000, 1500, 2000, 4000
PER_END = 100
OTHER_CASE = 50
LATER = 50
"""Where the first of several parts is not the text's own beginning."""
PER_RUN = 200
PER_GOOD_RUN = 100
"""Where a run of scattered letters begins with a part, a capital or a number."""
PER_GAP = 10
FARTHEST = 99
"""From here on it does not matter how far apart letters are."""
LOOKED_AT = 300
"""Where only the best are wanted, so many texts with scattered letters are rated."""


def rank(query: str, texts: Sequence[str], *, close: bool = False) -> list[int]:
    """The places of the texts that match, the best first; all, in order, where nothing is asked.

    Where they are to be `close`, scattered letters do not count.
    """
    return Index(texts).find(query, close=close)


class Index:
    """Texts that are searched again and again: prepared once, and narrowed down as a query grows.

    `weights` tell equals apart, the smaller the better.
    """

    def __init__(self, texts: Sequence[str], weights: Sequence[int] = ()) -> None:
        self.texts = texts
        self._folded = [_folded(text) for text in texts]
        self._marked = [_marked(text) for text in self._folded]
        self._lengths = [len(text.partition("\n")[0]) for text in texts]
        self.weigh(weights or [0] * len(texts))

    def weigh(self, weights: Sequence[int]) -> None:
        lengths = self._lengths
        self._all = sorted(range(len(weights)), key=weights.__getitem__)
        """Where nothing is asked."""
        self._order = sorted(self._all, key=lambda place: (weights[place], lengths[place]))
        """Of equals, the better first."""
        self._at = dict(zip(self._order, range(len(weights)), strict=True))
        self._last: tuple[str, list[int]] = ("", self._order)

    def reweighed(self, weights: Sequence[int]) -> Index:
        """The same texts with other weights."""
        index = copy(self)
        index.weigh(weights)
        return index

    def find(self, query: str, most: int = 0, *, close: bool = False) -> list[int]:
        """As `rank`; with `most` no more than so many, and then the worse are not looked at."""
        asked = [_Word(word) for word in _raw_words(query)]
        left = self._holding(query, asked)
        if not asked:
            found = self._all
        elif len(asked) == 1:
            found = self._by_tier(asked[0], left, most, close=close)
        else:
            found = self._by_all(asked, left, close=close)
        return found[:most] if most else [*found]

    def _holding(self, query: str, asked: list[_Word]) -> list[int]:
        """Places of texts with all the letters; where a query grows, among those of before."""
        before, left = self._last
        known = set(_folded(before))
        if not query.startswith(before):
            left, known = self._order, set()
        folded = self._folded
        for letter in dict.fromkeys("".join(word.text for word in asked)):
            if letter in known:
                continue
            left = [place for place in left if letter in folded[place]]
        self._last = (query, left)
        return left

    def _by_tier(self, word: _Word, left: list[int], most: int, *, close: bool) -> list[int]:
        """Tier by tier until there are enough: what is worse costs nothing then."""
        looked_at, most = most, most or len(left)
        folded, marked, text = self._folded, self._marked, word.text
        begins = [place for place in left if folded[place].startswith(text)]
        found = self._by_end(word, begins)
        if len(found) >= most:
            return found
        left = _without(left, begins)
        begins = [place for place in left if word.marked in marked[place]]
        found += self._by_end(word, begins)
        if len(found) >= most:
            return found
        left = _without(left, begins)
        inside = [place for place in left if text in folded[place]]
        rated = [(self._together(word, place), place) for place in inside]
        apart = []
        for place in _without(left, inside):
            if along := word.along.search(marked[place]):
                rated.append((_rate_along(along), place))
            else:
                apart.append(place)
        found += self._sorted(rated)
        if len(found) >= most or close:
            return found
        rated = []
        for place in apart:
            if line := word.in_order.search(folded[place]):
                places = _closest(text, folded[place], line)
                rated.append((_rate_apart(places, self.texts[place]), place))
                if looked_at and len(rated) == LOOKED_AT:
                    break
        return found + self._sorted(rated)

    def _by_end(self, word: _Word, places: list[int]) -> list[int]:
        """Those of one tier: first where the word ends the text, then where it ends a part."""
        marked = self._marked
        whole = [place for place in places if word.is_whole(marked[place])]
        places = _without(places, whole)
        ending = [place for place in places if word.ended in marked[place]]
        ended = [whole, ending, _without(places, ending)]
        if word.cased:
            ended = [self._by_case(word, some) for some in ended]
        return [place for some in ended for place in some]

    def _by_case(self, word: _Word, places: list[int]) -> list[int]:
        return sorted(places, key=lambda place: word.typed not in self.texts[place])

    def _together(self, word: _Word, place: int) -> int:
        return word.together(self._folded[place], self._marked[place], self.texts[place])

    def _sorted(self, rated: Iterable[tuple[int, int]]) -> list[int]:
        at = self._at
        return [place for _, _, place in sorted((score, at[p], p) for score, p in rated)]

    def _by_all(self, asked: list[_Word], left: list[int], *, close: bool) -> list[int]:
        found = dict.fromkeys(left, 0)
        for word in asked:
            better: dict[int, int] = {}
            for place, before in found.items():
                rating = word.rate(self._folded[place], self._marked[place], self.texts[place])
                if rating is not None and not (close and rating >= SCATTERED):
                    better[place] = before + rating
            found = better
        return self._sorted((score, place) for place, score in found.items())


class _Word:
    """One word of a query, made ready to be looked for."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        self.text = _folded(typed)
        self.cased = self.typed != self.text
        ended = _marked(self.text)
        self.marked = ended.removesuffix(END)
        self.ended = ended
        """As it stands in a text where it begins a part, and where it ends one, too."""
        letters = [re.escape(letter) for letter in self.text]
        # No letter is tried twice: neither pattern can be slow.
        self.in_order = re.compile("^" + "".join(f"[^{c}\n]*{c}" for c in letters), re.MULTILINE)
        following = "".join(
            f"(?=([{BEGIN}{END}]*{c}|[^\n]*?{BEGIN}{c}))\\{number}"
            for number, c in enumerate(letters[1:], 1)
        )
        self.along = re.compile(BEGIN + letters[0] + following)
        """Each letter after the one before it, or at the beginning of a part."""

    def is_whole(self, marked: str) -> bool:
        return marked.endswith(self.ended) or f"{self.ended}\n" in marked

    def rate(self, folded: str, marked: str, raw: str) -> int | None:
        """The smaller, the better; None where it is not found."""
        if self.text in folded:
            return self.together(folded, marked, raw)
        if along := self.along.search(marked):
            return _rate_along(along)
        line = self.in_order.search(folded)
        return _rate_apart(_closest(self.text, folded, line), raw) if line else None

    def together(self, folded: str, marked: str, raw: str) -> int:
        """Of a text that holds the word as it stands."""
        tier = INSIDE
        ended = self.ended
        if folded.startswith(self.text):
            tier = START
        elif self.marked in marked:
            tier = PART
        else:
            ended = ended.removeprefix(BEGIN)
        rest = 2
        if marked.endswith(ended) or f"{ended}\n" in marked:
            rest = 0
        elif ended in marked:
            rest = 1
        other = OTHER_CASE if self.cased and self.typed not in raw else 0
        return tier + PER_END * rest + other

    def places(self, text: str) -> list[int]:
        """Where its letters are found; none where the text does not match."""
        folded = _folded(text)
        at = folded.find(self.text)
        if at >= 0:
            at = _best_place(self.text, folded, at)
            return [*range(at, at + len(self.text))]
        marked = _marked(folded)
        if along := self.along.search(marked):
            ends = [along.start() + 1, *(along.end(n) - 1 for n in range(1, len(self.text)))]
            return [_without_marks(marked, at) for at in ends]
        line = self.in_order.search(folded)
        return _closest(self.text, folded, line) if line else []


def positions(query: str, text: str) -> list[int]:
    """Where in the text the letters of the query were found; none where it does not match."""
    return positions_in(query, (text,))[0]


def positions_in(query: str, texts: Iterable[str]) -> list[list[int]]:
    """The same for several texts."""
    asked = [_Word(word) for word in _raw_words(query)]
    found = []
    for text in texts:
        places = [word.places(text) for word in asked]
        found.append(sorted({at for some in places for at in some}) if all(places) else [])
    return found


def words(query: str) -> list[str]:
    """The words of a query, as they are compared."""
    return [_folded(word) for word in _raw_words(query)]


def _raw_words(query: str) -> list[str]:
    return [word for quoted, plain in WORDS.findall(query) if (word := quoted.strip() or plain)]


def _folded(text: str) -> str:
    """Small letters, each where the great one stood."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _marked(text: str) -> str:
    """The text with a mark wherever a part begins or ends."""
    return PARTS_OF.sub(f"{BEGIN}\\g<0>{END}", text)


def _without_marks(marked: str, at: int) -> int:
    """The place in the text of a place in the marked one."""
    before = marked[:at]
    return at - before.count(BEGIN) - before.count(END)


def _without(places: list[int], taken: list[int]) -> list[int]:
    if not taken:
        return places
    known = set(taken)
    return [place for place in places if place not in known]


def _best_place(word: str, text: str, at: int) -> int:
    """Where a part of the text begins with the word, else where the word is found first."""
    place = at
    while place > 0 and text[place - 1].isalnum():
        place = text.find(word, place + 1)
    return place if place >= 0 else at


def _closest(word: str, text: str, line: re.Match[str]) -> list[int]:
    """Back from where the last letter is found first."""
    found: list[int] = []
    at = line.end()
    for letter in reversed(word):
        at = text.rfind(letter, 0, at)
        found.append(at)
    return found[::-1]


def _rate_along(along: re.Match[str]) -> int:
    runs = sum(len(step.lstrip(BEGIN + END)) > 1 for step in along.groups())
    return PARTS + PER_RUN * runs + (LATER if along.start() else 0)


def _rate_apart(places: list[int], raw: str) -> int:
    gaps = places[-1] - places[0] + 1 - len(places)
    runs = [places[0], *(b for a, b in pairwise(places) if b > a + 1)]
    cost = sum(PER_GOOD_RUN if _starts_well(raw, at) else PER_RUN for at in runs)
    return SCATTERED + cost + PER_GAP * min(gaps, FARTHEST)


def _starts_well(raw: str, at: int) -> bool:
    """Whether a part, a capital or a number begins there."""
    before, letter = raw[at - 1] if at else "", raw[at]
    return (
        not before.isalnum()
        or (before.islower() and letter.isupper())
        or (letter.isdigit() and not before.isdigit())
    )
