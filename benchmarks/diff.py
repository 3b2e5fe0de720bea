"""How long `diff` takes between two backups of 10,000 models, against reading both with YAML.

A tenth of the models has another price, one in a hundred came, one in a hundred went; then every
single one is different.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from measure import FREEROUTER, Home, figure, medians, milliseconds, new_home

from freerouter.config.generate import worded
from freerouter.config.yaml_file import Loader, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = 10_000
ROUNDS = 5
LIMIT = 1.0
TARGET = 0.2
SOME, ALL, BARE = "diff, some different", "diff, all different", "both read by the C loader"


def main() -> None:
    assert Loader.__name__ == "CSafeLoader"
    with new_home() as home:
        texts = [config(), config(some=True), config(everything=True)]
        for number, text in enumerate(texts, 1):
            put(home, number, text)
        assert "~ 990 models of lab" in home.run(FREEROUTER, "diff", "3", "2", codes=(1,))
        subjects: dict[str, Callable[[], float]] = {
            SOME: partial(home.seconds, FREEROUTER, "diff", "3", "2", codes=(1,)),
            ALL: partial(home.seconds, FREEROUTER, "diff", "3", "1", codes=(1,)),
        }
        times = medians(subjects, ROUNDS)
        times |= medians({BARE: partial(read, texts[:2])}, 1)
    print(f"Median of {ROUNDS} (reading: 1), {MODELS} models, {len(texts[0]) / 1e6:.1f} MB each:")
    milliseconds(times)
    for name in (SOME, ALL):
        print(f"{name}: {times[name]:.2f} s (limit {LIMIT:g} s)")
    figure(SOME, times[SOME], BARE, times[BARE], TARGET)
    figure(ALL, times[ALL], BARE, times[BARE], TARGET)


def put(home: Home, number: int, text: str) -> None:
    backups = home.workspace / "backups"
    backups.mkdir(parents=True, exist_ok=True)
    (home.workspace / "providers.yaml").write_text("providers: []\n", encoding="utf-8")
    name = f"backup.20260131_12000{number}"
    (backups / f"providers.yaml.{name}").write_text("providers: []\n", encoding="utf-8")
    (backups / f"config.yaml.{name}").write_text(text, encoding="utf-8")


def config(*, some: bool = False, everything: bool = False) -> str:
    first = MODELS // 100 if some else 0
    rows = [model(n, some=some, everything=everything) for n in range(first, first + MODELS)]
    return worded({"model_list": rows, "litellm_settings": {}, "general_settings": {}})


def model(number: int, *, some: bool, everything: bool) -> dict[str, Any]:
    name = f"vendor-{number % 50}/model-{number}-instruct"
    price = 2e-06 if (some and number % 10 == 0) else 1e-06
    host = "other" if everything else "lab"
    return {
        "model_name": name,
        "litellm_params": {
            "model": f"openai/{name}",
            "api_base": f"https://{host}.example.com/v1",
            "use_chat_completions_api": True,
            "api_key": "os.environ/LAB_API_KEY",
        },
        "model_info": {
            "id": f"lab/{name}",
            "mode": "chat",
            "freerouter_provider": "lab",
            "freerouter_free": "no",
            "max_input_tokens": 131072,
            "input_cost_per_token": price,
            "output_cost_per_token": price * 4,
        },
    }


def read(texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        parse_yaml(text.encode(), "config.yaml")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
