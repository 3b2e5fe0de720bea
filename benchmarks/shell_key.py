"""How soon a key is answered in the shell: 10,000 models, against prompt-toolkit's FuzzyCompleter.

A key's work here is to search, to rank, and to lay out what is offered, matched letters and all.
"""

from __future__ import annotations

import time
from pathlib import Path

from measure import figure
from prompt_toolkit.completion import CompleteEvent, Completer, FuzzyWordCompleter
from prompt_toolkit.document import Document

from freerouter.shell.candidates import Candidate, grouped
from freerouter.shell.completion import ShellCompleter
from freerouter.shell.snapshot import Snapshot

RANKING = Path(__file__).parent.parent / "tests" / "ranking"
ROWS = 10_000
LIMIT = 0.016
TARGET = 1 / 20
QUERIES = 24
SHELL, FUZZY = "a key in the shell", "FuzzyCompleter's"


def main() -> None:
    known = (RANKING / "models.txt").read_text(encoding="utf-8").splitlines()
    names = [
        known[number] if number < len(known) else f"{known[number % len(known)]}-{number}"
        for number in range(ROWS)
    ]
    group = grouped([Candidate(name, "groq, free") for name in names])
    ours = ShellCompleter(lambda: Snapshot(groups={"model": group, "served": group}))
    theirs = FuzzyWordCompleter(names)
    queries = [
        line.split(" -> ")[0]
        for line in (RANKING / "expected.txt").read_text(encoding="utf-8").splitlines()
        if " -> " in line and " " not in line.split(" -> ")[0]
    ][::3][:QUERIES]
    ours_times, theirs_times = [], []
    for query in queries:
        for end in range(1, len(query) + 1):
            ours_times.append(seconds(ours, f"select {query[:end]}"))
            theirs_times.append(seconds(theirs, query[:end]))
    print(f"{len(ours_times)} keys, {ROWS} models:")
    print(f"  {SHELL:<24} p50 {at(ours_times, 50):6.1f} ms, p95 {at(ours_times, 95):6.1f} ms")
    print(f"  {FUZZY:<24} p50 {at(theirs_times, 50):6.1f} ms, p95 {at(theirs_times, 95):6.1f} ms")
    print(f"95 of 100 keys: {at(ours_times, 95):.1f} ms (limit {LIMIT * 1000:g} ms)")
    figure(SHELL, sum(ours_times), FUZZY, sum(theirs_times), TARGET)
    figure(
        f"{SHELL}, 95 of 100",
        at(ours_times, 95),
        f"{FUZZY}, 95 of 100",
        at(theirs_times, 95),
        TARGET,
    )


def seconds(completer: Completer, text: str) -> float:
    began = time.perf_counter()
    for found in completer.get_completions(Document(text), CompleteEvent(text_inserted=True)):
        assert found.display is not None
    return time.perf_counter() - began


def at(times: list[float], percent: int) -> float:
    """Milliseconds."""
    return sorted(times)[len(times) * percent // 100] * 1000


if __name__ == "__main__":
    main()
