"""Results as text: aligned, fitted to the width, coloured where colour is wanted.

Written here and not with a table library because `status` and `list` must be there at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.frontends.cells import cells, cut, harmless, one_line, padded, wrapped
from freerouter.result import Fields, Line, Reveal, Table
from freerouter.volatile import bare, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freerouter.errors import FreeRouterError
    from freerouter.result import Block, Result

STYLES = {"ok": "32", "warn": "33", "error": "31", "dim": "2", "head": "1"}
GAP = "  "
LONG_ENOUGH, SHORT_ENOUGH = 24, 14
"""Of a long cell so much stays before a whole column is left out: one to spare, one of the last."""
BARS = dict(zip(map(ord, "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉"), "..::++##.:++###", strict=True))
WORDS = {ord("✓"): "ok", ord("✗"): "no", **BARS}
ESCAPES = r"\033\[[0-?]*[ -/]*[@-~]"
"""Whole escape sequences: colours, say, in LiteLLM's log."""


class Painter:
    """Turns blocks into text. `redact` sees everything except what was asked to be shown.

    With `links`, web addresses can be clicked. With `marks`, what is volatile stays marked: for
    recordings. Without `signs`, words stand for ✓ and ✗, where a stream cannot carry them.
    """

    def __init__(
        self,
        redact: Callable[[str], str],
        width: int = 0,
        *,
        colour: bool = False,
        links: bool = False,
        marks: bool = False,
        signs: bool = True,
    ) -> None:
        self._redact = redact
        self._width = width
        self._colour = colour
        self._links = links
        self._marks = marks
        self._signs = signs

    def result(self, result: Result) -> tuple[str, str]:
        """What goes to standard output, and what to standard error."""
        out: list[str] = []
        err: list[str] = []
        for block in result.show:
            (err if isinstance(block, Line) and block.err else out).append(self.block(block))
        return "".join(out), "".join(err)

    def block(self, block: Block) -> str:
        if isinstance(block, Reveal):
            return block.value + "\n"
        if isinstance(block, Line):
            text = self._shown(block.text)
            # Plain lines are for copying (answers, logs, exports): only what we say is wrapped.
            shown = self._paint(self._wrap(text, 0) if block.style else text, block.style)
            return self._linked(shown) + "\n"
        if isinstance(block, Fields):
            return self._linked(self._fields(block))
        return self._table(block)

    def piece(self, text: str) -> str:
        """A part of a text that comes bit by bit: nothing is wrapped."""
        return self._shown(text)

    def error(self, error: FreeRouterError) -> str:
        what, why, fix = (self._shown(t) for t in (error.what, error.why, error.fix))
        lines = [self._paint(self._wrap(what, 0), "error")]
        lines += [self._wrap(part, 0) for part in (why, fix) if part]
        return self._linked("\n".join(lines).rstrip()) + "\n"

    def _linked(self, text: str) -> str:
        if not self._links or "://" not in text:
            return text
        from freerouter.frontends.links import linked

        return linked(text)

    def _shown(self, text: str) -> str:
        """Without secrets, and without what would command the terminal."""
        text = self._redact(text) if self._marks else plain(self._redact(text))
        if "\033" in text:
            import re

            text = re.sub(ESCAPES, "", text)
        if not self._signs:
            text = text.translate(WORDS)
        return harmless(text)

    def json(self, data: Any) -> str:
        return "".join(self.json_pieces(data))

    def json_pieces(self, data: Any) -> Iterator[str]:
        """The same in pieces, none of which ends within a value."""
        from freerouter.rows import encoded

        for piece in encoded(data):
            text = self._redact(piece)
            yield bare(text) if self._marks else plain(text)
        yield "\n"

    def _paint(self, text: str, style: str) -> str:
        if not self._colour or style not in STYLES or not text:
            return text
        return f"\033[{STYLES[style]}m{text}\033[0m"

    def _fields(self, block: Fields) -> str:
        if not block.pairs:
            return ""
        names = [one_line(self._shown(name)) for name, _ in block.pairs]
        first = max(map(cells, names))
        lines = []
        for name, (_, value) in zip(names, block.pairs, strict=True):
            wrapped = self._wrap(self._shown(value), first + 2 + len(GAP))
            lines.append(f"  {padded(name, first)}{GAP}{wrapped}".rstrip())
        return "\n".join(lines) + "\n"

    def _wrap(self, text: str, indent: int) -> str:
        room = self._width - indent
        if self._width <= 0 or cells(text) <= room or room < 12 or "\n" in text:  # noqa: PLR2004
            return text
        return ("\n" + " " * indent).join(wrapped(text, room))

    def _table(self, block: Table) -> str:
        shown = [self._cells(column) for column in zip(*block.rows, strict=True)]
        columns = [i for i, column in enumerate(shown) if any(column)]
        widths = {i: max(len(block.columns[i]), _widest(shown[i])) for i in columns}
        self._leave_out(widths, block.spare, LONG_ENOUGH)
        self._leave_out(widths, block.last, SHORT_ENOUGH)
        self._fit(widths, block.right)
        lines = [
            _aligned([block.columns[i], *shown[i]], width, right=i in block.right)
            for i, width in widths.items()
        ]
        head, *rows = [GAP.join(row).rstrip() for row in zip(*lines, strict=True)] or [""]
        return "\n".join([self._paint(head, "head"), *rows]) + "\n"

    def _cells(self, column: Sequence[str]) -> list[str]:
        """The cells of a column as they are shown: all at once, which costs a tenth."""
        text = "\n".join(column)
        shown = plain(self._shown(text)).split("\n")
        if len(shown) == len(column) == text.count("\n") + 1 and "\t" not in text:
            return shown
        return [one_line(plain(self._shown(cell))) for cell in column]

    def _leave_out(self, widths: dict[int, int], spare: Sequence[int], enough: int) -> None:
        """Take columns out until the others fit, cut where they are long."""
        for i in spare:
            room = self._width - len(GAP) * (len(widths) - 1)
            if self._width <= 0 or sum(min(w, enough) for w in widths.values()) <= room:
                return
            widths.pop(i, None)

    def _fit(self, widths: dict[int, int], numbers: Sequence[int]) -> None:
        """Take what is too much from the widest column, again and again: from numbers last, since
        half of one is none.
        """
        if self._width <= 0:
            return
        room = self._width - len(GAP) * (len(widths) - 1)
        least = 4 if 4 * len(widths) <= room else 8
        for columns in ([i for i in widths if i not in numbers], [*widths]):
            while sum(widths.values()) > room:
                widest = max(columns, key=lambda i: widths[i], default=None)
                if widest is None or widths[widest] <= least:
                    break
                widths[widest] -= 1


def _widest(texts: Sequence[str]) -> int:
    """Of thousands most are plain, and measured at once."""
    measure = len if "".join(texts).isascii() else cells
    return max(map(measure, texts), default=0)


def _aligned(texts: Sequence[str], width: int, *, right: bool) -> list[str]:
    if "".join(texts).isascii():
        fitting = [text if len(text) <= width else cut(text, width) for text in texts]
        return [t.rjust(width) if right else t.ljust(width) for t in fitting]
    return [padded(cut(text, width), width, right=right) for text in texts]
