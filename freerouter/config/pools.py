"""An alias as LiteLLM knows it: one group with a deployment for every member and key.

The deployments are the group's own, besides those that a model has under its own name: they have
an order or a share, and rest by themselves after a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.aliases_file import BALANCE, ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

STREAM_TIMEOUT = 30.0
"""Seconds without a piece of a stream after which the next member is asked."""
MOST_FALLBACKS = 50
RESTS = 30
"""Seconds that a member rests where its provider does not say how long."""


class Member(NamedTuple):
    """One model at one provider, with each of that provider's keys."""

    accounts: tuple[Account, ...]
    model: Model
    weight: int = 1

    @property
    def name(self) -> str:
        return f"{self.accounts[0].name}/{self.model.id}"


class Pool(NamedTuple):
    """What an alias comes to. `lost` says of each member that is not served why that is."""

    name: str
    members: tuple[Member, ...]
    strategy: str = ORDER
    timeout: float | None = None
    lost: tuple[tuple[str, str], ...] = ()
    own: bool = False
    """Whether the user wrote it."""

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "members": [member.name for member in self.members],
            "strategy": self.strategy,
            "weights": {member.name: member.weight for member in self.members if member.weight > 1},
            "lost": [list(pair) for pair in self.lost],
            "own": self.own,
        }


def in_pool(
    pool: Pool, number: int, weight: int, entry: Mapping[str, Any], request_timeout: float
) -> dict[str, Any]:
    """A deployment of a member, made from that of the model alone. `number` counts from 1."""
    params, info = dict(entry["litellm_params"]), dict(entry["model_info"])
    params.pop("order", None)
    if pool.strategy == BALANCE:
        params["weight"] = weight
    else:
        params["order"] = number
    if pool.timeout is not None:
        params["timeout"] = params["stream_timeout"] = pool.timeout
    else:
        params["stream_timeout"] = min(params.get("timeout", request_timeout), STREAM_TIMEOUT)
    info["id"] = f"{pool.name}:{info['id']}"
    info["freerouter_alias"] = pool.name
    return {"model_name": pool.name, "litellm_params": params, "model_info": info}


def router_settings(pools: Sequence[Pool]) -> dict[str, Any]:
    """How LiteLLM goes on after a failure.

    Nobody waits for a limit to pass: who can answer is asked instead, else the client is told. What
    fails on the provider's side is asked once more, where there is nobody else to ask.
    """
    settings: dict[str, Any] = {
        "num_retries": 0,
        "retry_policy": {"InternalServerErrorRetries": 1},
        "max_fallbacks": MOST_FALLBACKS,
        "cooldown_time": RESTS,
        "enable_weighted_failover": True,
    }
    if pools:
        settings["model_group_retry_policy"] = {
            pool.name: {"InternalServerErrorRetries": 0} for pool in pools
        }
    return settings


def names_of(pools: Iterable[Pool]) -> frozenset[str]:
    return frozenset(pool.name for pool in pools)
