"""From aliases, the user's and those that are built in, to what config.yaml has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.aliases_file import BUILT_IN
from freerouter.config.pools import Member, Pool
from freerouter.config.state import read_pools
from freerouter.providers.ranking import rank
from freerouter.registry import did_you_mean
from freerouter.result import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from freerouter.commands.writing import Part
    from freerouter.config.aliases_file import Alias
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.workspace import Workspace


class Served(NamedTuple):
    """Every model that is served, by `provider/model`, and the parts that they are of."""

    members: Mapping[str, Member]
    parts: Mapping[str, Part]
    file: ProvidersFile

    def why_not(self, name: str) -> str:
        """Why a member of an alias is not served, in words."""
        provider, _, model = name.partition("/")
        part = self.parts.get(provider)
        if part is None:
            entries = {entry.name: entry for entry in self.file.entries}
            if provider in entries:
                return f"{provider} is switched off"
            near = did_you_mean(provider, entries)
            return f'there is no provider "{provider}"{f": {near}" if near else ""}'.rstrip(".")
        if any(m.id == model for m in part.withheld):
            return "it may cost money (spend: never)"
        if any(m.id == model for m in part.models):
            return "it is not selected"
        near = did_you_mean(model, [m.id for m in part.models])
        gone = f"{provider} does not list it" if part.models else f"{provider} has no models"
        return f"{gone}: {near}".rstrip(".") if near else gone


def pools_of(
    file: ProvidersFile, parts: Sequence[Part], proven: Collection[str]
) -> tuple[Pool, ...]:
    """All pools, those of the user's own first. One without a member is there, and not served."""
    served = served_by(file, parts)
    own = [_own(alias, served) for alias in file.aliases.values() if not alias.off]
    taken = {*file.aliases, *_named_by_hand(file), *(m.model.id for m in served.members.values())}
    pairs = [(member.accounts[0], member.model) for member in served.members.values()]
    ranked = rank([name for name in BUILT_IN if name not in taken], pairs, proven)
    built = [
        Pool(name, tuple(served.members[f"{a.name}/{m.id}"] for a, m in members))
        for name, members in ranked.items()
        if members
    ]
    return (*own, *built)


def in_config(pools: Iterable[Pool]) -> tuple[Pool, ...]:
    """Those that have a member to serve."""
    return tuple(pool for pool in pools if pool.members)


def served_by(file: ProvidersFile, parts: Sequence[Part]) -> Served:
    members = {
        f"{p.account.name}/{m.id}": Member((p.account, *p.others), m)
        for p in parts
        for m in p.written
    }
    return Served(members, {p.account.name: p for p in parts}, file)


def _own(alias: Alias, served: Served) -> Pool:
    members = tuple(
        served.members[name]._replace(weight=alias.weights.get(name, 1))
        for name in alias.members
        if name in served.members
    )
    lost = tuple((n, served.why_not(n)) for n in alias.members if n not in served.members)
    return Pool(alias.name, members, alias.strategy, alias.timeout, lost, own=True)


def _named_by_hand(file: ProvidersFile) -> set[str]:
    """Names under which the user serves models of `litellm:`."""
    rows = file.litellm.get("model_list")
    if not isinstance(rows, list):
        return set()
    return {str(row.get("model_name")) for row in rows if isinstance(row, dict)}


def lost_lines(workspace: Workspace) -> list[Line]:
    """What is to be told of aliases after config.yaml was written: members that are not served."""
    return [line for pool in read_pools(workspace) for line in _lines(pool)]


def _lines(pool: Mapping[str, Any]) -> list[Line]:
    if not pool["lost"]:
        return []
    reasons = "; ".join(f"{name} ({why})" for name, why in pool["lost"])
    if pool["members"]:
        return [Line(f"{pool['name']}: left out of it: {reasons}.", "warn", err=True)]
    what = (
        f"{pool['name']} is not served, since no member is: {reasons}. `select --add MODEL` helps."
    )
    return [Line(what, "error", err=True)]
