"""How long `validate` takes for a config.yaml of 3,000 models, against PyYAML's C loader alone.

Twice: as processes, which is what a person waits for, and within this one, where neither Python's
start nor an import counts.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import yaml
from measure import FREEROUTER, figure, medians, milliseconds, new_home

from freerouter.config.yaml_file import dump_yaml
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = 3_000
ROUNDS = 9
TARGET = 2.0
LOAD, VALIDATE = "yaml.CSafeLoader alone", f"validate of {MODELS:,} models"
LOADER = "import sys, yaml; yaml.load(open(sys.argv[1]).read(), yaml.CSafeLoader)"
KEYS = {"OPENROUTER_API_KEY": "a-key-for-the-benchmark", "LITELLM_MASTER_KEY": "k" * 32}


def config() -> str:
    """As `fetch` writes it, but without its header: somebody else's, so that every rule counts."""
    rows = [_model(f"vendor/model-{n}", free=n % 3 == 0) for n in range(MODELS)]
    general = {"master_key": "os.environ/LITELLM_MASTER_KEY", "disable_model_info_refresh": True}
    settings = {"drop_params": True, "request_timeout": 60}
    router = {"num_retries": 2, "fallbacks": [{"vendor/model-1": ["vendor/model-2"]}]}
    return dump_yaml(
        {
            "model_list": rows,
            "litellm_settings": settings,
            "router_settings": router,
            "general_settings": general,
        }
    )


def _model(name: str, *, free: bool) -> dict[str, object]:
    return {
        "model_name": name,
        "litellm_params": {
            "model": f"openrouter/{name}",
            "use_chat_completions_api": True,
            "api_base": "https://openrouter.ai/api/v1",
            "api_key": "os.environ/OPENROUTER_API_KEY",
            "rpm": 20,
        },
        "model_info": {
            "id": f"openrouter/{name}",
            "mode": "chat",
            "max_input_tokens": 131072,
            "max_output_tokens": 8192,
            "input_cost_per_token": 0.0 if free else 1e-06,
            "output_cost_per_token": 0.0 if free else 3e-06,
        },
    }


def main() -> None:
    with new_home() as home:
        home.environ.update(KEYS)
        path = home.path / "config.yaml"
        path.write_text(config(), encoding="utf-8")
        session = Session(Silent(), home.environ, str(home.path))
        call = session.parse(f"validate {path}")
        found = session.run(call)
        assert found.exit_code == 0, found.data
        assert found.data["findings"] == [], found.data
        processes = {
            LOAD: partial(home.seconds, sys.executable, "-c", LOADER, str(path)),
            VALIDATE: partial(home.seconds, FREEROUTER, "validate", str(path)),
        }
        within = {
            LOAD: partial(seconds, lambda: yaml.load(path.read_text(), yaml.CSafeLoader)),
            VALIDATE: partial(seconds, lambda: session.run(call)),
        }
        size = os.path.getsize(path)
        print(f"Median of {ROUNDS}, a file of {size / 1e6:.1f} MB:")
        for name, subjects in (("process against process", processes), ("in one process", within)):
            times = medians(subjects, ROUNDS)
            milliseconds(times)
            figure(f"{VALIDATE}, {name}", times[VALIDATE], LOAD, times[LOAD], TARGET)


def seconds(act: Callable[[], object]) -> float:
    """Without garbage collection, as a short command runs: both gain by it, the loader more."""
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    act()
    taken = time.perf_counter() - began
    gc.enable()
    return taken


if __name__ == "__main__":
    main()
