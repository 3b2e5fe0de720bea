"""Asking at a terminal: what stands around every question, the keys that leave it, a line to type.

A question is drawn below what is on the screen, and taken away when it is answered.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from prompt_toolkit import print_formatted_text
from prompt_toolkit.application import Application, get_app, get_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer, Completion, PathCompleter, merge_completers
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
from prompt_toolkit.layout import (
    BufferControl,
    CompletionsMenu,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
)
from prompt_toolkit.layout.processors import (
    AfterInput,
    BeforeInput,
    ConditionalProcessor,
    PasswordProcessor,
)
from prompt_toolkit.styles import Style

from freerouter.errors import CancelledError
from freerouter.frontends.columns import cells, cut, one_line, packed, wrap
from freerouter.frontends.interrupts import held
from freerouter.frontends.review import help_of, limits, origin
from freerouter.frontends.typed import in_whole_characters
from freerouter.matching import rank
from freerouter.wizard.messages import Answer, Back, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.key_binding import KeyBindingsBase, KeyPressEvent
    from prompt_toolkit.layout import AnyContainer

    from freerouter.wizard.messages import Event, Question

Line = list[tuple[str, str]]
"""Pieces of one line of the screen, each with its style."""

STYLE = Style.from_dict(
    {
        "mark": "ansicyan bold",
        "message": "bold",
        "answer": "ansicyan",
        "dim": "ansibrightblack",
        "problem": "ansired",
        "pointed": "bold",
        "chosen": "ansigreen",
        "found": "ansiyellow underline",
        "completion-menu": "noinherit",
        "completion-menu.completion": "noinherit",
        "completion-menu.completion.current": "noinherit reverse",
        "completion-menu.meta.completion": "noinherit ansibrightblack",
        "completion-menu.meta.completion.current": "noinherit ansibrightblack reverse",
        "scrollbar.background": "noinherit",
        "scrollbar.button": "noinherit reverse",
    }
)
HELP_LINES = 2
"""Help of so many lines is always shown; all there is, when it is asked for."""
QUICK = 0.05
"""Seconds until a lone Esc is one, and not the beginning of another key."""


class Surroundings:
    """The lines around a question. More help can be asked for and put away."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.help_wanted = False

    def toggle_help(self) -> None:
        self.help_wanted = not self.help_wanted

    def _help(self, width: int) -> list[str]:
        """All of it where it is wanted, else what is short."""
        if self.help_wanted:
            return wrap(help_of(self.question), width)
        short = wrap(self.question.help, width)
        return short if len(short) <= HELP_LINES else []

    def above(self, width: int, *, brief: bool = False) -> list[Line]:
        """What is wrong, the message, and its help; or only the message, on one line."""
        question = self.question
        if brief:
            short = cut(one_line(question.problem or question.message), width - 2)
            return [[("class:mark", "? "), ("class:message", short)]]
        lines: list[Line] = [[("class:problem", t)] for t in wrap(question.problem, width)]
        note = self._note()
        message = wrap(question.message, width - 2) or [""]
        for number, text in enumerate(message):
            lines.append([("class:mark", "  " if number else "? "), ("class:message", text)])
        if note and cells(message[-1]) + cells(note) + len("?   ") <= width:
            lines[-1].append(("class:dim", f"  {note}"))
        elif note:
            lines.append([("class:dim", cut(f"  {note}", width))])
        lines += [[("class:dim", f"  {text}")] for text in self._help(width - 2)]
        return lines

    def _note(self) -> str:
        """Limits, whether it may be empty, and where the default comes from."""
        question = self.question
        source = "" if question.type == "secret" else origin(question)
        parts = (limits(question), question.optional and "(optional)", source and f"({source})")
        return " ".join(part for part in parts if part)

    def keys_line(
        self, keys: Iterable[str], width: int, *, typed: str, more: Iterable[str] = ()
    ) -> Line:
        """The keys that work here, as many of them as fit on a line, `more` after what matters."""
        question = self.question
        all_keys = [
            "Enter accept",
            *keys,
            "Esc back",
            *(["Ctrl-X skip"] if question.skippable else []),
            f"{'F1' if typed and question.type != 'int' else '?'} help",
            *more,
            "Ctrl-C give up",
        ]
        return [("class:dim", packed(all_keys, width)[0])]


def leaving_keys(question: Question, back: Callable[[], bool]) -> KeyBindings:
    """Ctrl-C and Ctrl-D give up, Ctrl-X skips; Esc goes back, unless `back` had something to do."""
    keys = KeyBindings()

    def leave(event: KeyPressEvent, **how: Any) -> None:
        """A signal may come when the question has just been left: once is enough."""
        waits = event.app.future
        if waits is not None and not waits.done():
            event.app.exit(**how)

    @keys.add("escape", eager=True)
    def _(event: KeyPressEvent) -> None:
        if back():
            leave(event, result=Back())

    @keys.add("c-c", eager=True)
    @keys.add("<sigint>", eager=True)
    def _(event: KeyPressEvent) -> None:
        leave(event, exception=KeyboardInterrupt)

    @keys.add("c-d", eager=True)
    def _(event: KeyPressEvent) -> None:
        leave(event, exception=EOFError)

    @keys.add("c-x", eager=True)
    def _(event: KeyPressEvent) -> None:
        if question.skippable:
            leave(event, result=Skip())

    return keys


def run(
    container: AnyContainer,
    keys: KeyBindingsBase,
    focused: BufferControl | None = None,
    at_first: Callable[[], None] | None = None,
) -> Event:
    """Show it below what is on the screen until a key leaves it, and take it away again."""
    in_whole_characters()
    application: Application[Event] = Application(
        layout=Layout(container, focused),
        key_bindings=keys,
        style=STYLE,
        erase_when_done=True,
    )
    application.ttimeoutlen = application.timeoutlen = QUICK
    sys.stdout.flush()
    with held() as interrupt:

        def begun() -> None:
            if interrupt.take():
                application.exit(exception=KeyboardInterrupt)
            elif at_first:
                at_first()

        try:
            return application.run(pre_run=begun)
        except EOFError:
            raise CancelledError from None


def type_answer(question: Question) -> Event:
    """Ask for a text, secret, number, address or path. Options are offered while typing."""
    around = Surroundings(question)
    buffer = Buffer(
        document=Document("" if question.type == "secret" else str(question.default or "")),
        completer=_completer(question),
        complete_while_typing=True,
        multiline=False,
        accept_handler=lambda typed: _accept(question, typed.text),
    )
    line = BufferControl(buffer, input_processors=_processors(question, buffer))

    def above() -> FormattedText:
        width, height = screen_size()
        lines = around.above(width)
        if len(lines) + 2 > height and not around.help_wanted:
            lines = around.above(width, brief=True)
        return joined(lines)

    def below() -> FormattedText:
        suggested = ["Tab suggestions"] if _completer(question) else []
        width, _ = screen_size()
        return FormattedText(around.keys_line([], width, typed=buffer.text, more=suggested))

    screen = HSplit(
        [
            Window(FormattedTextControl(above), dont_extend_height=True),
            Window(line, height=1),
            CompletionsMenu(max_height=8, scroll_offset=1),
            Window(FormattedTextControl(below), height=1),
        ],
        align=VerticalAlign.TOP,
    )

    def open_suggestions() -> None:
        if question.options and not buffer.text:
            buffer.start_completion()

    leaving = leaving_keys(question, lambda: _back(buffer))
    keys = merge_key_bindings([leaving, _keys(around, buffer)])
    event = run(screen, keys, line, open_suggestions)
    if isinstance(event, Answer):
        write_answer(question, _summary(question, str(event.value or ""), buffer.text))
    elif isinstance(event, Skip):
        write_answer(question, "skipped")
    return event


def _accept(question: Question, typed: str) -> bool:
    """An empty secret keeps the one that there is."""
    kept = question.type == "secret" and question.default is not None and not typed
    get_app().exit(result=Answer(question.id, question.default if kept else typed))
    return True


def _back(buffer: Buffer) -> bool:
    """Esc gives a suggestion up first."""
    if buffer.complete_state and buffer.complete_state.complete_index is not None:
        buffer.cancel_completion()
        return False
    return True


def _summary(question: Question, value: str, typed: str) -> str:
    if question.type != "secret":
        return value
    return f"({origin(question)})" if origin(question) and not typed else "(not shown)"


def _processors(question: Question, buffer: Buffer) -> list[Any]:
    empty = question.placeholder
    if question.type == "secret" and question.default is not None:
        empty = f"Enter keeps the one {origin(question) or 'that there is'}"
    return [
        ConditionalProcessor(PasswordProcessor(), question.type == "secret"),
        BeforeInput("> ", "class:mark"),
        ConditionalProcessor(
            AfterInput(one_line(empty), "class:dim"), Condition(lambda: not buffer.text)
        ),
    ]


def _completer(question: Question) -> Completer | None:
    own = [Suggestions(question)] if question.options else []
    paths = [PathCompleter(expanduser=True)] if question.type == "path" else []
    found: list[Completer] = [*own, *paths]
    return merge_completers(found) if found else None


class Suggestions(Completer):
    """The options of a question, by what they are called and by what they stand for."""

    def __init__(self, question: Question) -> None:
        self._options = [option for option in question.options if not option.disabled]

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt-toolkit's signature
    ) -> Iterator[Completion]:
        texts = [f"{option.value}\n{option.label}" for option in self._options]
        for place in rank(document.text, texts):
            option = self._options[place]
            yield Completion(
                option.value,
                -document.cursor_position,
                display=one_line(option.label or option.value),
                display_meta=one_line(option.hint),
            )


def _keys(around: Surroundings, buffer: Buffer) -> KeyBindings:
    keys = KeyBindings()
    helping = Condition(lambda: not buffer.text or around.question.type == "int")

    @keys.add("f1")
    @keys.add("?", filter=helping)
    def _(_event: KeyPressEvent) -> None:
        around.toggle_help()

    @keys.add("tab")
    def _(_event: KeyPressEvent) -> None:
        if buffer.complete_state:
            buffer.complete_next()
        else:
            buffer.start_completion(insert_common_part=True)

    return keys


def screen_size() -> tuple[int, int]:
    """The columns and rows that may be drawn on: the last of each stays free."""
    size = get_app_session().output.get_size()
    return max(1, size.columns - 1), max(1, size.rows - 1)


def joined(lines: list[Line]) -> FormattedText:
    """Lines as prompt-toolkit draws them."""
    return FormattedText([piece for line in lines for piece in (*line, ("", "\n"))][:-1])


def write(line: Line) -> None:
    """A line that stays."""
    print_formatted_text(FormattedText(line), style=STYLE)


def write_answer(question: Question, shown: str) -> None:
    """What stays of a question: its message and its answer, on one line."""
    width, _ = screen_size()
    message = cut(one_line(question.message), max(width // 2, width - 4 - cells(shown)))
    room = width - 4 - cells(message)
    write(
        [
            ("class:mark", "? "),
            ("class:message", message),
            ("class:answer", f"  {cut(one_line(shown), room)}"),
        ]
    )
