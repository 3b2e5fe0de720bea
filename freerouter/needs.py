"""Checking what a command needs before it runs: each refusal names the command that cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.config.state import has_models
from freerouter.config.workspace import shown
from freerouter.errors import GatewayStateError, NotConfiguredError
from freerouter.registry import Need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from freerouter.context import Context


def check_needs(ctx: Context, needs: Iterable[str]) -> None:
    """Raise for the first need that is not met."""
    for need in needs:
        _CHECKS[need](ctx)


def _config(ctx: Context) -> None:
    if not ctx.workspace.configured and ctx.workspace.profile:
        raise NotConfiguredError(
            f"There is no profile {ctx.workspace.profile}.",
            f"There is no {shown(ctx.workspace.providers_file, ctx.environ)}.",
            f"`freerouter profile new {ctx.workspace.profile}` makes it, `freerouter profile list` "
            "shows what there is.",
        )
    if not ctx.workspace.configured:
        raise NotConfiguredError(
            "Nothing is configured yet.",
            f"There is no {shown(ctx.workspace.providers_file, ctx.environ)}.",
            "`freerouter init --wizard` sets everything up.",
        )


def _models(ctx: Context) -> None:
    _config(ctx)
    if not has_models(ctx.workspace):
        raise NotConfiguredError(
            "No models have been fetched yet.",
            fix="`freerouter fetch` asks the providers for them.",
        )


def _engine(_ctx: Context) -> None:
    from freerouter.process.engine import find_engine

    find_engine()


def _gateway(ctx: Context) -> None:
    from freerouter.process.record import running

    if running(ctx.workspace) is None:
        raise GatewayStateError("The gateway is not running.", fix="`freerouter start` starts it.")


_CHECKS: Mapping[str, Callable[[Context], None]] = {
    Need.CONFIG: _config,
    Need.MODELS: _models,
    Need.ENGINE: _engine,
    Need.GATEWAY: _gateway,
}

KNOWN = frozenset(_CHECKS)
