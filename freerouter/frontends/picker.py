"""A menu at a terminal: one option or several, out of two or thousands. Typing narrows it down.

Only the rows on the screen are ever laid out, so a key costs the same whatever the number of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, Window

from freerouter.frontends.asking import (
    Surroundings,
    joined,
    leaving_keys,
    run,
    screen_size,
    write_answer,
)
from freerouter.frontends.choices import Choices, searchable
from freerouter.frontends.columns import Columns, cells, cut, hint_of, one_line, packed
from freerouter.matching import positions
from freerouter.wizard.messages import Answer, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_toolkit.key_binding import KeyBindingsBase, KeyPressEvent

    from freerouter.frontends.asking import Line
    from freerouter.wizard.messages import Event, Option, Question

FIRST_FILTER_KEY = 2
FEWEST_ROWS = 4
"""Where fewer rows than these would be left, what stands around them gives way."""


def pick(question: Question, shortcuts: Mapping[str, str] | None = None) -> Event:
    """Ask a choice or many. `shortcuts`: keys that answer a small menu, and their values."""
    picker = Picker(question, shortcuts or {})
    event = run(picker.window(), picker.keys())
    if isinstance(event, Answer):
        write_answer(question, picker.summary(event.value))
    elif isinstance(event, Skip):
        write_answer(question, "skipped")
    return event


class Picker:
    """Draws the state of a menu, and changes it with keys."""

    def __init__(self, question: Question, shortcuts: Mapping[str, str]) -> None:
        self.question = question
        self.choices = Choices(question)
        self._columns = Columns(question.options)
        self._around = Surroundings(question)
        self._shortcuts = shortcuts
        self._height = 1

    def window(self) -> Window:
        control = FormattedTextControl(lambda: joined(self.lines(*screen_size())), focusable=True)
        return Window(control, always_hide_cursor=not self.choices.searched)

    def lines(self, width: int, height: int) -> list[Line]:
        """The screen: at most so many lines of at most that width."""
        above, below = self._around.above(width), self._below(width)
        search = [self._search(width)] if self.choices.searched else []
        heading, hint = self._heading(width), self._hint(width)

        def room() -> int:
            return height - sum(map(len, (above, search, heading, hint, below)))

        if room() < FEWEST_ROWS:
            hint = []
        if room() < FEWEST_ROWS and not self._around.help_wanted:
            above = self._around.above(width, brief=True)
        if room() < FEWEST_ROWS:
            heading, below = [], below[:1]
        self._height = max(1, min(room(), len(self.question.options)))
        rows = [self._row(row, width) for row in self.choices.visible(self._height)]
        rows += [[]] * (self._height - len(rows))
        return [*above, *search, *heading, *rows, *hint, *below][:height]

    def _search(self, width: int) -> Line:
        shown = self.choices.search[-max(1, width - len("  Search: ") - 1) :]
        empty = "" if shown else cut(" type to narrow down", width - len("  Search: "))
        return [
            ("class:dim", "  Search: "),
            ("", shown),
            ("[SetCursorPosition]", ""),
            ("class:dim", empty),
        ]

    def _heading(self, width: int) -> list[Line]:
        if not self._columns.headings:
            return []
        indent = " " * self._indent()
        return [[("class:dim", indent + self._columns.heading(width - len(indent)))]]

    def _hint(self, width: int) -> list[Line]:
        """The hint of what is pointed at, where a row has no room for it."""
        if not self._columns.hides_hints(width - self._indent()):
            return []
        place = self.choices.pointed
        hint = "" if place is None else hint_of(self.choices.options[place])
        return [[("class:dim", cut(" " * self._indent() + hint, width))]]

    def _indent(self) -> int:
        return len("❯ ● " if self.choices.several else "❯ ")

    def _row(self, row: int, width: int) -> Line:
        choices = self.choices
        place = choices.shown[row]
        option = choices.options[place]
        pointed, chosen = row == choices.row, place in choices.chosen
        line: Line = [("class:mark", "❯ " if pointed else "  ")]
        if choices.several:
            mark = "– " if option.disabled else "● " if chosen else "○ "
            line.append(("class:chosen" if chosen else "class:dim", mark))
        style = "class:dim" if option.disabled else "class:pointed" if pointed else ""
        label, *rest = self._columns.line(option, width - self._indent())
        line += self._found(option, label.text, style)
        for cell in rest:
            line.append(("class:dim" if cell.kind == "hint" else style, cell.text))
        return line

    def _found(self, option: Option, label: str, style: str) -> Line:
        """The label, with the letters that were searched for made visible."""
        if not self.choices.search:
            return [(style, label)]
        found = set(positions(self.choices.search, searchable(option)))
        if label.endswith("…"):
            found.discard(len(label) - 1)
        return [
            (f"{style} class:found" if place in found else style, letter)
            for place, letter in enumerate(label)
        ]

    def _below(self, width: int) -> list[Line]:
        """How many are chosen and shown, what is filtered, and which keys work."""
        choices = self.choices
        lines: list[Line] = []
        known = [self._count()] if choices.searched else []
        if choices.message:
            lines.append([("class:problem", cut(f"  {choices.message}", width))])
            known = []
        known += [
            f"F{number} {filter_.heading}: {filter_.steps[turned].name}"
            for number, (filter_, turned) in enumerate(
                zip(choices.filters, choices.turned, strict=True), FIRST_FILTER_KEY
            )
        ]
        lines += [[("", line)] for line in packed(known, width)]
        return [*lines, self._keys_line(width)]

    def _count(self) -> str:
        choices = self.choices
        shown = f"{len(choices.shown)} of {len(choices.options)} shown"
        return f"{len(choices.chosen)} chosen, {shown}" if choices.several else shown

    def _keys_line(self, width: int) -> Line:
        typed = self.choices.search
        if self.choices.several:
            keys = [f"{'Tab' if typed else 'Space'} choose"]
            more = ["Ctrl-A all shown"]
            return self._around.keys_line(keys, width, typed=typed, more=more)
        labels = {option.value: option.label.lower() for option in self.question.options}
        keys = [f"{key} {labels[value]}" for key, value in self._shortcuts.items()]
        return self._around.keys_line([], width, typed=typed, more=keys)

    def summary(self, value: str | list[str]) -> str:
        """What stays on the screen of an answer."""
        values = [value] if isinstance(value, str) else value
        labels = {o.value: one_line(o.label) for o in self.question.options}
        shown = ", ".join(labels[v] for v in values)
        width, _ = screen_size()
        if self.choices.several and (cells(shown) > width // 2 or not values):
            return f"{len(values)} chosen"
        return shown

    def keys(self) -> KeyBindingsBase:
        return merge_key_bindings(
            [
                leaving_keys(self.question, self._back),
                self._letter_keys(),
                self._choosing_keys(),
                self._moving_keys(),
            ]
        )

    def _back(self) -> bool:
        """Esc clears the search first."""
        if not self.choices.search:
            return True
        self._search_for("")
        return False

    def _search_for(self, text: str) -> None:
        self.choices.message = ""
        self.choices.search_for(text)

    def _letter_keys(self) -> KeyBindings:
        """Letters search, or answer where they are shortcuts; `?` helps while nothing is typed."""
        keys = KeyBindings()
        choices, shortcuts = self.choices, self._shortcuts

        @keys.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            if choices.searched and event.data.isprintable():
                self._search_for(choices.search + event.data)
            elif event.data.lower() in shortcuts:
                self._accept(shortcuts[event.data.lower()])

        @keys.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            if choices.searched:
                self._search_for(choices.search + one_line(event.data))

        @keys.add("backspace")
        def _(_event: KeyPressEvent) -> None:
            self._search_for(choices.search[:-1])

        @keys.add("c-w")
        def _(_event: KeyPressEvent) -> None:
            self._search_for(choices.search.rstrip().rpartition(" ")[0])

        @keys.add("c-u")
        def _(_event: KeyPressEvent) -> None:
            self._search_for("")

        @keys.add("f1")
        @keys.add("?", filter=Condition(lambda: not choices.search))
        def _(_event: KeyPressEvent) -> None:
            self._around.toggle_help()

        return keys

    def _choosing_keys(self) -> KeyBindings:
        keys = KeyBindings()
        choices = self.choices
        several = Condition(lambda: choices.several)

        @keys.add("enter")
        def _(_event: KeyPressEvent) -> None:
            value = choices.answer()
            if value is not None:
                self._accept(value)

        @keys.add(" ", filter=Condition(lambda: not choices.search))
        def _(_event: KeyPressEvent) -> None:
            if choices.several:
                self._do(choices.toggle)

        @keys.add("tab", filter=several)
        def _(_event: KeyPressEvent) -> None:
            self._do(choices.toggle)
            choices.move(1)

        @keys.add("c-a", filter=several)
        def _(_event: KeyPressEvent) -> None:
            self._do(choices.toggle_all)

        for number in range(len(choices.filters)):
            keys.add(f"f{number + FIRST_FILTER_KEY}")(self._turning(number))
        return keys

    def _turning(self, number: int) -> Callable[[KeyPressEvent], None]:
        return lambda _event: self._do(lambda: self.choices.turn(number))

    def _moving_keys(self) -> KeyBindings:
        keys = KeyBindings()
        choices = self.choices
        moves: dict[str, Callable[[], None]] = {
            "up": lambda: choices.move(-1),
            "down": lambda: choices.move(1),
            "pageup": lambda: choices.leap(-self._height),
            "pagedown": lambda: choices.leap(self._height),
            "home": lambda: choices.leap(-len(choices.shown)),
            "end": lambda: choices.leap(len(choices.shown)),
        }
        for key, move in moves.items():
            keys.add(key)(lambda _event, move=move: self._do(move))
        return keys

    def _do(self, act: Callable[[], None]) -> None:
        """Act; a message about the key before has been read."""
        self.choices.message = ""
        act()

    def _accept(self, value: str | list[str]) -> None:
        get_app().exit(result=Answer(self.question.id, value))
