"""The models of a config.yaml that are served under their own names: aliases come after them."""

from __future__ import annotations

from typing import Any


def alone(config: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = config["model_list"]
    return [row for row in rows if "freerouter_alias" not in row.get("model_info", {})]
