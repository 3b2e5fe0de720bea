"""`kill -9` of the worker under load: how long until the gateway serves again."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time

from gateway_reload import configure, load, upstream
from measure import FREEROUTER, free_port, new_home


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--calm", type=float, default=8.0)
    given = parser.parse_args()
    kills: list[float] = []
    with new_home() as home, upstream() as base:
        home.environ["LITELLM_PORT"] = str(free_port())
        home.run(FREEROUTER, "init")
        configure(home, base, given.models)
        home.run(FREEROUTER, "start")
        record = home.workspace / "state" / "gateway.json"
        try:
            with load(home, streams=2) as asked:
                for _ in range(given.kills):
                    time.sleep(given.calm)
                    (worker, _started), *_ = json.loads(record.read_text("utf-8"))["workers"]
                    kills.append(time.time())
                    os.kill(worker, signal.SIGKILL)
                time.sleep(given.calm)
        finally:
            home.run(FREEROUTER, "stop", "--timeout", "5")
    gaps = []
    for killed in kills:
        good = [one.began + one.seconds for one in asked if not one.what]
        gaps.append(min(end for end in good if end > killed) - killed)
    lost = sum(bool(one.what) for one in asked)
    print(f"  {len(asked)} requests, {lost} in flight at a kill were cut")
    print(f"  until the next answer: {', '.join(f'{gap:.2f}' for gap in gaps)} s")
    print(f"worst: {max(gaps):.2f} s (target 2 s)")


if __name__ == "__main__":
    main()
