"""Choosing among options: what is searched for, shown, pointed at and chosen. Draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.frontends.columns import are_numbers, number, one_line
from freerouter.frontends.review import count_problem, refusal
from freerouter.matching import Index

if TYPE_CHECKING:
    from freerouter.wizard.messages import Option, Question

MANY = 12
"""From so many options on they are searched, and those chosen beforehand stand on top."""
THRESHOLDS = {"32k": 32e3, "128k": 128e3, "200k": 200e3, "1M": 1e6}
MOST_FILTERS = 4


class Step(NamedTuple):
    """One position of a filter, and the places of the options that it lets through."""

    name: str
    places: frozenset[int]


class Filter(NamedTuple):
    """What may be asked of a column; the first position lets everything through."""

    heading: str
    steps: tuple[Step, ...]


class Choices:
    """The state of a menu. A place is an option's number in `options`; a row, its number shown."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.several = question.type == "many"
        self.searched = len(question.options) >= MANY
        default = question.default or []
        wanted = set(default if self.several else [])
        self.options = question.options
        if self.several and self.searched:
            self.options = tuple(
                sorted(self.options, key=lambda o: o.disabled != "" or o.value not in wanted)
            )
        self.chosen = {
            place
            for place, option in enumerate(self.options)
            if option.value in wanted and not option.disabled
        }
        self.filters = [self._filter(name) for name in question.filters[:MOST_FILTERS]]
        self.turned = [0] * len(self.filters)
        self.search = ""
        self.message = ""
        self.shown = list(range(len(self.options)))
        self.row = self._row_of(None if self.several else question.default)
        self._top = 0
        self._index = Index([searchable(option) for option in self.options])

    def _row_of(self, value: object) -> int:
        """The row of a default; where there is none, the first that can be chosen."""
        possible = [row for row, option in enumerate(self.options) if not option.disabled]
        same = (row for row in possible if self.options[row].value == value)
        return next(same, possible[0] if possible else 0)

    def _filter(self, heading: str) -> Filter:
        """A column's thresholds, or its values in the order of the question."""
        texts = [_cell(option, heading) for option in self.options]
        steps = _thresholds(texts) if are_numbers(texts) else []
        if not steps:
            found: dict[str, set[int]] = {_cell(o, heading): set() for o in self.question.options}
            for place, text in enumerate(texts):
                found[text].add(place)
            steps = [Step(text, frozenset(places)) for text, places in found.items() if text]
        return Filter(heading, (Step("all", frozenset(range(len(texts)))), *steps))

    @property
    def pointed(self) -> int | None:
        """The place of the option pointed at."""
        return self.shown[self.row] if self.shown else None

    def search_for(self, text: str) -> None:
        self.search = text
        self._narrow()

    def turn(self, number: int) -> None:
        """The next position of a filter."""
        self.turned[number] = (self.turned[number] + 1) % len(self.filters[number].steps)
        self._narrow()

    def _narrow(self) -> None:
        let_through = [
            filter_.steps[turned].places
            for filter_, turned in zip(self.filters, self.turned, strict=True)
            if turned
        ]
        found = self._index.find(self.search)
        self.shown = [place for place in found if all(place in places for places in let_through)]
        self.row = self._top = 0

    def move(self, by: int) -> None:
        """One row up or down, from either end to the other."""
        self.row = (self.row + by) % max(1, len(self.shown))

    def leap(self, by: int) -> None:
        """Many rows up or down, to the end at most."""
        self.row = max(0, min(self.row + by, len(self.shown) - 1))

    def visible(self, height: int) -> range:
        """The rows that are on show, so that the one pointed at is among them."""
        self._top = max(self.row - height + 1, min(self._top, self.row))
        self._top = max(0, min(self._top, len(self.shown) - height))
        return range(self._top, min(self._top + height, len(self.shown)))

    def toggle(self) -> None:
        """Choose what is pointed at, or not any longer."""
        place = self.pointed
        if place is None:
            return
        if self.options[place].disabled:
            self.message = refusal(self.options[place])
        else:
            self.chosen ^= {place}

    def toggle_all(self) -> None:
        """Choose all that are shown; where they are chosen already, none of them."""
        possible = {place for place in self.shown if not self.options[place].disabled}
        self.chosen = self.chosen - possible if possible <= self.chosen else self.chosen | possible

    def answer(self) -> str | list[str] | None:
        """The answer in the order of the question; None and a message where it cannot be given."""
        if self.several:
            self.message = count_problem(self.question, len(self.chosen))
            values = {self.options[place].value for place in self.chosen}
            return None if self.message else [v for v in _values(self.question) if v in values]
        place = self.pointed
        if place is None:
            self.message = "Nothing is found: type something else."
            return None
        if self.options[place].disabled:
            self.message = refusal(self.options[place])
            return None
        return self.options[place].value


def _values(question: Question) -> list[str]:
    return [option.value for option in question.options]


def searchable(option: Option) -> str:
    """What a search looks through: the label first, then the rest, a line each."""
    value = [] if option.value.lower() == option.label.lower() else [option.value]
    parts = (option.label, *value, *option.fields.values(), option.hint)
    return "\n".join(map(one_line, parts))


def _cell(option: Option, heading: str) -> str:
    return one_line(option.fields.get(heading, ""))


def _thresholds(texts: list[str]) -> list[Step]:
    """Those that let some options through and others not, each different from the one before."""
    steps: list[Step] = []
    for name, least in THRESHOLDS.items():
        places = frozenset(i for i, text in enumerate(texts) if number(text) >= least)
        fewer = len(places) < (len(steps[-1].places) if steps else len(texts))
        if places and fewer:
            steps.append(Step(f"≥ {name}", places))
    return steps
