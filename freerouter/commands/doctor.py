"""`doctor`: what is wrong, why, and the command that mends it. Reads and asks, never writes."""

from __future__ import annotations

import platform
import shlex
from typing import TYPE_CHECKING, Any

from freerouter import __version__
from freerouter.commands.doctor_checks import examine
from freerouter.commands.doctor_facts import gather
from freerouter.commands.doctor_network import judge_all
from freerouter.process.engine import installed_version
from freerouter.result import Line, Result, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.commands.doctor_facts import Finding
    from freerouter.context import Context

STYLES = {"ok": "ok", "warn": "warn", "error": "error", "skipped": "dim"}
FIRST = (("init",), ("keys", "rotate", "master"))
"""Without a providers.yaml nothing can be done, and with a weak key nothing is fetched."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    facts = gather(ctx, offline=args["offline"])
    if not facts.offline:
        facts = facts._replace(verdicts=judge_all(ctx, facts.keys))
    findings = list(examine(facts))
    errors = sum(f.state == "error" for f in findings)
    warnings = sum(f.state == "warn" for f in findings)
    fixes = _fixes(findings)
    summary = _summary(errors, warnings)
    data = {
        "findings": [
            {**f._asdict(), "command": list(f.command), "more": f"{f.why} {f.fix}".strip()}
            for f in findings
        ],
        "fixes": fixes,
        "suggested": [fix["id"] for fix in fixes],
        "summary": summary.text,
        "errors": errors,
        "warnings": warnings,
        "versions": {
            "freerouter": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "engine": installed_version(),
        },
    }
    show = [line for f in findings for line in _lines(f)]
    return Result(data, (*show, summary), 1 if errors else 0)


def _fixes(findings: list[Finding]) -> list[dict[str, Any]]:
    """The commands that mend something, each once, in the order of what they mend; but first what
    the others cannot do without.
    """
    mended: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.command and finding.state != "ok":
            mended.setdefault(finding.command, []).append(finding)
    return [
        {"id": shlex.join(command), "command": list(command), "mends": found[0].what}
        for command, found in sorted(mended.items(), key=_rank)
    ]


def _rank(one: tuple[tuple[str, ...], object]) -> int:
    return FIRST.index(one[0]) if one[0] in FIRST else len(FIRST)


def _lines(found: Finding) -> Iterator[Line]:
    yield Line(f"{found.area}: {found.what}", STYLES[found.state])
    if found.state == "ok":
        return
    fix = found.fix
    if found.command:
        line = f"`freerouter {shlex.join(found.command)}`"
        fix = fix if line in fix else f"{fix} {line} mends it.".lstrip()
    more = " ".join(part for part in (found.why, fix) if part)
    if more:
        yield Line(f"  {more}", "dim")


def _summary(errors: int, warnings: int) -> Line:
    counts = [
        counted(number, noun)
        for number, noun in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    if not counts:
        return Line("Nothing is wrong.", "ok")
    return Line(f"{', '.join(counts)}.", "error" if errors else "warn")
