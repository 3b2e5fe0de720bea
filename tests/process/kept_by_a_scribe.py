"""Has a scribe keep records: `kept_by_a_scribe.py DIRECTORY`. Prints its pid, and for each line
`put HOW_MANY BYTES` that it is given, how long that took in seconds and what was lost; the bytes
are those of a body. At the end of its input it closes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "usage"))

from test_exchange import TOLD, scope

from freerouter.process.scribe import Scribe
from freerouter.usage.books import Books
from freerouter.usage.exchange import Exchange
from freerouter.usage.ledger import Ledger


def ended(size: int) -> Exchange:
    exchange = Exchange(scope(), bodies=True)
    exchange.answered({"type": "http.response.start", "status": 200, "headers": []})
    exchange.answered({"type": "http.response.body", "body": b"x" * size})
    exchange.told = TOLD
    exchange.end()
    return exchange


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(directory: Path) -> None:
    def begin() -> Books:
        ledger = Ledger(str(directory / "usage.db"), say)
        return Books(str(directory / "requests.jsonl"), str, ledger)

    scribe = Scribe(begin, lambda: None)
    print(scribe.pid, flush=True)
    for line in sys.stdin:
        _, count, size = line.split()
        some = [ended(int(size)) for _ in range(int(count))]
        began = time.monotonic()
        scribe.put(some)
        print(time.monotonic() - began, scribe.lost, flush=True)
    scribe.close()
    print(scribe.lost, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
