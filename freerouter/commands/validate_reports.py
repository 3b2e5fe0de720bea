"""Findings for people, for SARIF readers, and as annotations of GitHub's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freerouter import __version__
from freerouter.config.validation.rules import ERROR, RULES
from freerouter.result import Line, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freerouter.config.validation.findings import Finding
    from freerouter.result import Block

MOST_OF_A_RULE = 10
"""Findings of one rule that are told one by one in a file; a program gets all of them."""
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
NUMBER = {rule.id: number for number, rule in enumerate(RULES)}


def told(findings: Sequence[Finding], mended: Sequence[tuple[Finding, str]]) -> Iterator[Line]:
    """A line each, with what mends it below."""
    for finding, _ in mended:
        yield Line(f"{finding.place}: mended: {_did(finding)}", "ok")
    for backup in dict.fromkeys(backup for _, backup in mended if backup):
        yield Line(f"  The file as it was: {backup}", "dim")
    counts: dict[tuple[str, str], int] = {}
    for finding in findings:
        of = (finding.file, finding.rule)
        counts[of] = counts.get(of, 0) + 1
        if counts[of] <= MOST_OF_A_RULE:
            yield from _lines(finding)
    for (file, rule), number in counts.items():
        if number > MOST_OF_A_RULE:
            more = counted(number - MOST_OF_A_RULE, "more finding")
            yield Line(f"{file}: {more} of {rule}; --json tells all.", "dim")


def _did(finding: Finding) -> str:
    mend = finding.mend
    if mend is None or mend.kind == "mode":
        return "only you can read it now."
    name = mend.path[-1]
    if mend.kind == "rename":
        return f'"{name}" is "{mend.value}" now.'
    if mend.kind == "move":
        return f"{name} is under {mend.value[0]} now."
    return f"{name} is {'text' if mend.kind == 'quote' else mend.value} now."


def _lines(finding: Finding) -> Iterator[Line]:
    style = "error" if finding.is_error else "warn"
    text = f"{finding.place}: {finding.severity}: {finding.what} ({finding.rule})"
    yield Line(text, style)
    if finding.pointer:
        yield Line(finding.pointer)
    if finding.fix:
        yield Line(f"  {finding.fix}", "dim")


def summary(findings: Sequence[Finding], files: Sequence[str]) -> Line:
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    what = files[0] if len(files) == 1 else counted(len(files), "file")
    if not findings:
        return Line(f"Nothing is wrong in {', '.join(files)}.", "ok")
    counts = [counted(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    mends = sum(finding.mend is not None for finding in findings)
    hint = f" `freerouter validate --fix` mends {mends} of them." if mends else ""
    return Line(f"{', '.join(counts)} in {what}.{hint}", "error" if errors else "warn")


def as_json(_findings: Sequence[Finding], data: dict[str, Any]) -> tuple[Block, ...]:
    return (Line(json.dumps(data, ensure_ascii=False)),)


def as_github(findings: Sequence[Finding], _data: dict[str, Any]) -> tuple[Block, ...]:
    """Workflow commands: GitHub shows each at its line of a pull request."""
    lines = []
    for finding in findings:
        where = f"file={_escaped(finding.file, ',:')},line={finding.line},col={finding.column}"
        text = _escaped(f"{finding.what}\n{finding.fix}".strip())
        lines.append(Line(f"::{finding.severity} {where},title={finding.rule}::{text}"))
    return tuple(lines)


def _escaped(text: str, more: str = "") -> str:
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def as_sarif(findings: Sequence[Finding], _data: dict[str, Any]) -> tuple[Block, ...]:
    """SARIF 2.1.0, with every rule."""
    driver = {
        "name": "freerouter validate",
        "version": __version__,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.finds},
                "help": {"text": f"{rule.why} {rule.mends}".strip()},
                "defaultConfiguration": {"level": rule.severity},
            }
            for rule in RULES
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding) for finding in findings],
    }
    report = {"$schema": SARIF, "version": "2.1.0", "runs": [run]}
    return (Line(json.dumps(report, indent=2, ensure_ascii=False)),)


def _result(finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    return {
        "ruleId": finding.rule,
        "ruleIndex": NUMBER[finding.rule],
        "level": ERROR if finding.is_error else finding.severity,
        "message": {"text": f"{finding.what} {finding.fix}".strip()},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.file)},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
    }


REPORTS: dict[str, Callable[[Sequence[Finding], dict[str, Any]], tuple[Block, ...]]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
