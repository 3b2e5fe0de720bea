"""The engine, which is LiteLLM: is it installed, which version, and may that one be run."""

from __future__ import annotations

import sys
from typing import NamedTuple

from freerouter.errors import NotConfiguredError

PINNED = "1.106.2"
"""The version that FreeRouter is made for; the extra `gateway` installs exactly this one."""
OLDEST = (1, 83, 7)
"""Everything below has CVE-2026-42208."""
COMPROMISED = frozenset({"1.82.7", "1.82.8"})
"""Releases with malicious code."""


class Engine(NamedTuple):
    version: str

    @property
    def pinned(self) -> bool:
        return self.version == PINNED


def install_command() -> str:
    return f"{sys.executable} -m pip install 'litellm[proxy]=={PINNED}'"


def installed_version() -> str:
    """LiteLLM's version in this Python, without importing it; "" where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("litellm")
    except PackageNotFoundError:
        return ""


def find_engine() -> Engine:
    """The engine, if it is there and safe to run."""
    return judge_engine(installed_version())


def judge_engine(version: str) -> Engine:
    if not version:
        raise NotConfiguredError(
            "The engine (LiteLLM) is not installed.",
            "FreeRouter runs LiteLLM's proxy as its gateway, and this Python has none.",
            f"Install it: {install_command()}",
        )
    if version in COMPROMISED or _numbers(version) < OLDEST:
        why = (
            "That release carried malicious code."
            if version in COMPROMISED
            else "It has known security holes."
        )
        raise NotConfiguredError(
            f"LiteLLM {version} must not be run.", why, f"Replace it: {install_command()}"
        )
    missing = _missing_proxy()
    if missing:
        raise NotConfiguredError(
            f"LiteLLM {version} is installed without its proxy ({missing} is missing).",
            fix=f"Install it whole: {install_command()}",
        )
    return Engine(version)


def _numbers(version: str) -> tuple[int, ...]:
    parts = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        parts.append(int(digits or 0))
    return tuple(parts)


def _missing_proxy() -> str:
    from importlib.util import find_spec

    return next((m for m in ("fastapi", "uvicorn", "orjson") if find_spec(m) is None), "")
