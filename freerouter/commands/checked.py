"""What `check` looks at and what comes of it: providers with their verdicts, models with theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.kept_verdicts import ago
from freerouter.providers.keys import BAD
from freerouter.result import Block, Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict
    from freerouter.providers.proving import Proof

GOOD, WRONG, DOUBT = "✓", "✗", "?"
WORDS = {
    "works": "works",
    "refused": "refused",
    "no_quota": "right, but no quota or unbound",
    "region": "other region",
    "missing": "no key",
    "absent": "not there",
    "unknown": "could not tell",
}
NOT_WELL = (*BAD, "missing", "absent")


class Checked(NamedTuple):
    """A provider, or one of its several keys. `age` is None where it was asked just now."""

    name: str
    verdict: Verdict
    account: Account | None = None
    age: float | None = None

    def as_data(self) -> dict[str, Any]:
        account = self.account
        return {
            "provider": account.name if account else self.name,
            "key": account.key_name if account else "",
            "number": account.number if account else 1,
            **verdict_data(self.verdict),
            "models": self.verdict.models,
            "free": self.verdict.free,
            "age": None if self.age is None else round(self.age),
        }


class Called(NamedTuple):
    """A model, and what came of calling it; `proof` None where it was not called, for `reason`."""

    provider: str
    model: str
    proof: Proof | None = None
    reason: str = ""
    next: str = ""
    """What would have it called after all."""

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"

    @property
    def state(self) -> str:
        return self.proof.state if self.proof else "unknown"

    def as_data(self) -> dict[str, Any]:
        proof = self.proof
        return {
            "provider": self.provider,
            "model": self.model,
            "called": proof is not None,
            "verdict": self.state,
            "message": proof.message if proof else self.reason,
            "fix": proof.fix if proof else self.next,
            "latency": proof.latency if proof and proof.state == "works" else None,
            "stream": proof.stream if proof else None,
            "tools": proof.tools if proof else None,
        }


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict.state, "message": verdict.message, "fix": verdict.fix}


def exit_code(states: Iterable[str]) -> int:
    """0 all well, 1 something is wrong, 5 something could not be told."""
    found = set(states)
    if found & set(NOT_WELL):
        return 1
    return 5 if "unknown" in found else 0


def mark(state: str) -> str:
    return GOOD if state == "works" else WRONG if state in NOT_WELL else DOUBT


def provider_blocks(found: Sequence[Checked]) -> list[Block]:
    """The table, then what to do about each that is not well."""
    rows = tuple(
        (
            mark(c.verdict.state),
            c.name,
            WORDS[c.verdict.state],
            str(c.verdict.models or ""),
            str(c.verdict.free or ""),
            "" if c.age is None else ago(c.age),
        )
        for c in found
    )
    table = Table(("", "PROVIDER", "VERDICT", "MODELS", "FREE", "ASKED"), rows, (3, 4))
    notes = [
        line
        for c in found
        if c.verdict.state != "works"
        for line in _told(c.verdict.state, c.verdict.message, c.verdict.fix)
    ]
    if any(c.age is not None for c in found):
        notes.append(Line("`--fresh` asks again what was asked before.", "dim"))
    return [table, *notes]


def model_blocks(called: Sequence[Called]) -> list[Block]:
    rows = tuple(
        (
            mark(c.state) if c.proof else "",
            c.model,
            c.provider,
            WORDS[c.state] if c.proof else "not called",
            f"{c.proof.latency:.2f} s" if c.proof and c.state == "works" else "",
            _able(c.proof.stream) if c.proof else "",
            _able(c.proof.tools) if c.proof else "",
        )
        for c in called
    )
    columns = ("", "MODEL", "PROVIDER", "VERDICT", "TOOK", "STREAM", "TOOLS")
    table = Table(columns, rows, (4,))
    said: dict[tuple[str, str, str], None] = {}
    for c in called:
        if c.proof and c.state != "works":
            said[c.state, c.proof.message, c.proof.fix] = None
        elif not c.proof:
            said["", c.reason, c.next] = None
    return [table, *(line for one in said for line in _told(*one))]


def _able(can: bool | None) -> str:
    return "" if can is None else GOOD if can else WRONG


def _told(state: str, message: str, fix: str) -> list[Line]:
    sign = f"{mark(state)} " if state else ""
    style = "error" if state in NOT_WELL else "warn"
    lines = [Line(f"{sign}{message}", style, err=True)]
    return [*lines, Line(f"  {fix}", "dim", err=True)] if fix else lines
