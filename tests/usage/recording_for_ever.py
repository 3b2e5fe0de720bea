"""Puts entries into a ledger until it is killed, and says of each when: `recording_for_ever.py DB`.

`tokens_in` is the entry's number.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

from ledger_entries import entry

from freerouter.usage.ledger import Ledger

if __name__ == "__main__":
    ledger = Ledger(sys.argv[1], lambda text: print(text, file=sys.stderr))
    for number in count():
        ledger.put(entry(time.time(), tokens_in=number))
        print(time.monotonic(), number, flush=True)
        time.sleep(0.001)
