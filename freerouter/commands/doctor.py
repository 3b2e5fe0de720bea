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


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    facts = gather(ctx, offline=args["offline"])
    if not facts.offline:
        facts = facts._replace(verdicts=judge_all(ctx, facts.accounts))
    findings = list(examine(facts))
    errors = sum(f.state == "error" for f in findings)
    warnings = sum(f.state == "warn" for f in findings)
    data = {
        "findings": [{**f._asdict(), "command": list(f.command)} for f in findings],
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
    return Result(data, (*show, _summary(errors, warnings)), 1 if errors else 0)


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
