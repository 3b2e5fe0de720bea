"""Several keys for one provider: an account for each, side by side.

They stand under `keys:` of the entry, or in variables beside the usual one: NAME_2, NAME_3 …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.config import variables
from freerouter.config.providers_file import variable_part
from freerouter.errors import ProviderError
from freerouter.providers.account import Account, resolve
from freerouter.providers.record import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from freerouter.config.providers_file import Entry
    from freerouter.config.secrets import Secrets
    from freerouter.providers.catalogue import Catalogue
    from freerouter.providers.discovery import Outcome

MOST = 20
"""Numbered variables that are looked at."""


class Keys(NamedTuple):
    """What a provider's keys answered: `first` stands for all, `others` are as good.

    `refused` are keys that are left out, since others are not refused. Where all are, none is.
    """

    first: Outcome
    others: tuple[Account, ...] = ()
    refused: tuple[Outcome, ...] = ()

    @property
    def left_out(self) -> list[str]:
        """The variables of the keys that are left out."""
        return [outcome.account.key_name for outcome in self.refused]


def resolve_each(entry: Entry, catalogue: Catalogue, secrets: Secrets) -> list[Account]:
    """An account for every key of the entry, the usual one first. Raises as `resolve` does."""
    texts = [text for text in (entry.api_key, *entry.keys) if text]
    first = resolve(entry._replace(api_key=texts[0] if texts else ""), catalogue, secrets)
    if not entry.keys:
        texts = ["", *_numbered(first, secrets)]
    found = [first]
    for text in texts[1:]:
        account = resolve(entry._replace(api_key=text), catalogue, secrets)
        if account.key and account.key not in {one.key for one in found}:
            found.append(_as_number(account, len(found) + 1, variables.whole(text)))
    return found


def _numbered(account: Account, secrets: Secrets) -> list[str]:
    """References to the variables beside its own that hold further keys, without a gap."""
    name = account.key_name
    if not name or name.startswith("FREEROUTER_KEY_"):
        return []
    return [f"${{{name}_{number}}}" for number in range(2, next_number(name, secrets) or MOST)]


def next_number(name: str, secrets: Secrets) -> int | None:
    """The first one that is free beside a variable; None where all are taken."""
    return next((n for n in range(2, MOST) if not secrets.get(f"{name}_{n}")), None)


def _as_number(account: Account, number: int, variable: str | None) -> Account:
    """With a variable of its own for the engine: two keys cannot share one."""
    own = f"FREEROUTER_KEY_{variable_part(account.name)}__{number}"
    return account._replace(number=number, key_name=variable or own)


def together(outcomes: Iterable[Outcome]) -> list[Keys]:
    """What was answered, by provider: the best of its keys, and what stays beside it."""
    by_name: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.account.name, []).append(outcome)
    return [_best(group) for group in by_name.values()]


def _best(group: Sequence[Outcome]) -> Keys:
    refused = [o for o in group if is_refused(o)]
    usable = [o for o in group if not is_refused(o)]
    if not usable:
        return Keys(group[0], tuple(o.account for o in group[1:]))
    first = next((o for o in usable if o.error is None), usable[0])
    others = tuple(o.account for o in usable if o is not first)
    return Keys(first, others, tuple(refused))


def is_refused(outcome: Outcome) -> bool:
    return isinstance(outcome.error, ProviderError) and outcome.error.state == "refused"


def notes_on_several(accounts: Iterable[Account]) -> list[str]:
    """What a provider says of several accounts, for those that have several keys here."""
    names = {a.provider.id: a.provider for a in accounts if a.number > 1}
    return [
        f"{record.name}: {note}."
        for record in names.values()
        for note in told(n for n in (*record.terms, *record.limits) if n.get("one_account"))
    ]
