"""How soon a key is answered in the picker: 2,000 rows against prompt-toolkit's own fuzzy search.

A key's work here is to search, to filter and to lay out the rows of an 80x24 terminal.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from measure import figure, medians, milliseconds
from prompt_toolkit.completion import CompleteEvent, FuzzyWordCompleter
from prompt_toolkit.document import Document

from freerouter.frontends.picker import Picker
from freerouter.wizard.messages import Option, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROUNDS = 11
ROWS = 2000
TYPED = ("a", "in", "llama", "gpt4o", "mdl9", "qwen3 groq", "eaie", "zzz")
TARGET = 0.5
LIMIT = 0.015
PICKER, FUZZY = "one key in the picker", "FuzzyWordCompleter, one key"


def main() -> None:
    picker = Picker(question(), {})
    labels = [option.label for option in picker.question.options]
    completer = FuzzyWordCompleter(labels)
    picks: list[float] = []
    subjects = {
        FUZZY: partial(per_key, TYPED, lambda text: completions(completer, text), []),
        PICKER: partial(per_key, TYPED, lambda text: key(picker, text), picks),
    }
    medians(subjects, 1)
    picks.clear()
    times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, {ROWS} rows, mean over {len(TYPED)} searches:")
    milliseconds(times)
    slowest = sorted(picks)[len(picks) * 99 // 100]
    print(f"99 of 100 keys: {slowest * 1000:.1f} ms (limit {LIMIT * 1000:g} ms)")
    figure(PICKER, times[PICKER], FUZZY, times[FUZZY], TARGET)


def question() -> Question:
    vendors = ("meta-llama", "openai", "anthropic", "google", "qwen", "deepseek", "mistralai")
    families = ("llama-3.3", "gpt-4o", "claude-sonnet", "gemini-2.5", "qwen3-coder", "model")
    options = tuple(
        Option(
            f"{number}",
            f"{vendors[number % 7]}/{families[number % 6]}-{number}b-instruct",
            fields={
                "PROVIDER": ("groq", "openrouter", "nim")[number % 3],
                "FREE": ("yes", "quota", "no")[number % 3],
                "CONTEXT": ("32k", "131k", "1M")[number % 3],
            },
        )
        for number in range(ROWS)
    )
    filters = ("FREE", "PROVIDER", "CONTEXT")
    return Question("models", "many", "Which models?", options=options, filters=filters)


def per_key(typed: Iterable[str], act: Callable[[str], object], each: list[float]) -> float:
    """The mean time of what is done for each search."""
    times = []
    for text in typed:
        began = time.perf_counter()
        act(text)
        times.append(time.perf_counter() - began)
    each += times
    return sum(times) / len(times)


def key(picker: Picker, text: str) -> None:
    picker.choices.search_for(text)
    picker.lines(79, 23)


def completions(completer: FuzzyWordCompleter, text: str) -> None:
    list(completer.get_completions(Document(text), CompleteEvent()))


if __name__ == "__main__":
    main()
