"""Text from elsewhere on a screen: what it must not do there, how wide it is, how it is cut.

Names of models, messages of providers and errors hold whatever somebody wrote into them.
"""

from __future__ import annotations

import sys

CONTROLS = (*range(32), *range(127, 160))
"""What commands a terminal; the line end and the tab are no more than that between lines."""
TURNING = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the order of letters round: a line would read as something that it is not."""
UNSEEN = (0xAD, 0x200B, 0x2060, *range(0x2061, 0x2065), 0xFEFF, *range(0xFFF9, 0xFFFC))
TAGS = range(0xE0000, 0xE0080)
SEPARATORS = (0x85, 0x2028, 0x2029)
"""Line ends of other systems: a space stands for them."""
HARMLESS = {
    **dict.fromkeys((*CONTROLS, *TURNING, *UNSEEN, *TAGS)),
    **dict.fromkeys(SEPARATORS, " "),
    ord("\n"): "\n",
    ord("\t"): "\t",
}
ON_ONE_LINE = {**HARMLESS, ord("\n"): " ", ord("\t"): " "}


def harmless(text: str) -> str:
    """Without what would command the terminal or hide what stands there."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(HARMLESS)


def one_line(text: str) -> str:
    """The same without line ends, and with one space between words."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(text.translate(ON_ONE_LINE).split())


def cells(text: str) -> int:
    """How many places of the screen a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


_known: dict[str, int] = {}


def _cells_of(letter: str) -> int:
    found = _known.get(letter)
    if found is None:
        import unicodedata

        if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
            found = 0
        else:
            found = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        _known[sys.intern(letter)] = found
    return found


def cut(text: str, width: int) -> str:
    """The beginning of a text that fits, with … where something is missing."""
    if cells(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1] + "…" if width > 0 else ""
    return _beginning(text, width - 1) + "…" if width > 0 else ""


def _beginning(text: str, width: int) -> str:
    room = width
    for place, letter in enumerate(text):
        room -= _cells_of(letter)
        if room < 0:
            return text[:place]
    return text


def padded(text: str, width: int, *, right: bool = False) -> str:
    """As wide as its column."""
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank


def wrapped(text: str, width: int) -> list[str]:
    """Lines that end between words. A long word of plain letters, an address say, stays whole."""
    if text.isascii():
        import textwrap

        return textwrap.wrap(text, width, break_long_words=False)
    lines: list[str] = []
    for word in text.split():
        rest = word
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
            continue
        while not rest.isascii() and cells(rest) > width:
            piece = _beginning(rest, width) or rest[0]
            lines.append(piece)
            rest = rest[len(piece) :]
        if rest:
            lines.append(rest)
    return lines
