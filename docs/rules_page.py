"""Makes docs/reference/rules.md out of the rules of `validate`: `python docs/rules_page.py`."""

from __future__ import annotations

from pathlib import Path

from freerouter.config.validation.rules import RULES, Rule

PAGE = Path(__file__).parent / "reference" / "rules.md"
HEAD = """\
# Rules of `validate`

<!-- Made by docs/rules_page.py out of freerouter/config/validation/rules.py; a test holds it. -->

What `freerouter validate` tells of, one by one. An error makes the exit code 1, a warning only with
`--strict`. How it is used: [validate.md](validate.md). `freerouter validate --rules` lists them.

| rule | severity | in | `--fix` |
|---|---|---|---|
"""


def page() -> str:
    rows = "".join(_row(rule) for rule in RULES)
    return f"{HEAD}{rows}" + "".join(_section(rule) for rule in RULES)


def _row(rule: Rule) -> str:
    mends = "yes" if rule.mends else ""
    return f"| [{rule.id}](#{rule.id}) | {rule.severity} | {rule.where} | {mends} |\n"


def _section(rule: Rule) -> str:
    mends = f"\n`--fix`: {rule.mends[0].lower()}{rule.mends[1:]}\n" if rule.mends else ""
    return f"\n## {rule.id}\n\n{rule.finds} {rule.why}\n{mends}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
