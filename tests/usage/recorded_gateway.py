"""The real LiteLLM with the recorder in it: `recorded_gateway.py PORT RECORDS`.

Prints a line when it serves, and one for each that it is given: `later 60` puts the clock of its
quotas forward by so many seconds, `spent` shuts a door as a budget does. CONFIG_FILE_PATH and what
that needs are in the environment.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import uvicorn
from litellm.proxy.proxy_server import app

from freerouter.process import patches
from freerouter.process.scribe import Scribe
from freerouter.usage import recorder
from freerouter.usage.books import Books
from freerouter.usage.budgets import Budgets
from freerouter.usage.doors import DOORS, Shut
from freerouter.usage.ledger import Ledger
from freerouter.usage.quotas import Quotas

SPENT = Shut(402, "lab: 5.00 of 5.00 USD this month")


def redact(text: str) -> str:
    return text.replace("sk-canary-0123456789", "env:KEY")


def say(text: str) -> None:
    print(text, file=sys.stderr)


def main(port: int, path: str) -> None:
    patches.after_import()

    usage, quota = (str(Path(path).with_name(name)) for name in ("usage.db", "quota.db"))
    keeper = Scribe(lambda: Books(path, redact, Ledger(usage, say)), lambda: None)
    ahead = [0.0]
    quotas = Quotas(quota, say, lambda: time.time() + sum(ahead))
    budgets = Budgets((), path, usage, print)
    recorded = recorder.install(keeper, redact, quotas, budgets)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))

    def watch() -> None:
        while not server.started:
            pass
        print("serving", flush=True)
        for line in sys.stdin:
            word, _, seconds = line.partition(" ")
            if word == "later":
                ahead.append(float(seconds))
            elif word == "spent\n":
                DOORS.append(lambda _row: SPENT)
            print(json.dumps(recorded.snapshot()), flush=True)
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
