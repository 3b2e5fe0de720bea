"""`validate`: everything that is wrong in a configuration, each with its place, rule and mend."""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands import validate_setup as setup_checks
from freerouter.commands.validate_reports import REPORTS, summary, told
from freerouter.config import atomic
from freerouter.config.backups import STAMP, back_up
from freerouter.config.providers_file import read_providers
from freerouter.config.secrets import Secrets, load_secrets, read_env_file
from freerouter.config.state import FINGERPRINT, read_models
from freerouter.config.validation import groups, litellm, providers, references
from freerouter.config.validation.findings import Finding, from_fault, placed
from freerouter.config.validation.known import load as load_known
from freerouter.config.validation.mending import mend_text
from freerouter.config.validation.reading import (
    CONFIG,
    FLOW,
    PROVIDERS,
    Read,
    from_error,
    kind_of,
    read,
)
from freerouter.config.validation.rules import EXIT_2, RULES
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import at, hidden
from freerouter.errors import FileError, FreeRouterError, NotConfiguredError, UsageError
from freerouter.providers.catalogue import catalogue_of
from freerouter.result import Line, Result, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from freerouter.config.validation.findings import Hit
    from freerouter.config.yaml_file import Document
    from freerouter.context import Context

ENV = "env"
"""The kind of a `.env`, of which only the rights are looked at."""
MOST_MENDS = 5
"""Rounds of mending."""


class Target(NamedTuple):
    """A file to look at. `kind` is "" where its content tells; `own`: a file of the workspace."""

    path: str
    name: str
    kind: str = ""
    own: bool = False


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    if args["schema"]:
        return _schema()
    if args["rules"]:
        return _rules()
    form = args["format"]
    if args["fix"] and form not in ("text", "json"):
        raise UsageError("--fix tells what it did as text or JSON.", fix="Leave --format out.")
    targets = _targets(ctx, args["file"])
    secrets, unread = _secrets(ctx)
    mended = [one for t in targets for one in _mended(ctx, t, secrets)] if args["fix"] else []
    findings = [*unread]
    for target in targets:
        findings += examine(ctx, target, secrets)[1]
    if any(f.is_error and f.file == targets[0].name for f in findings):
        # What a providers.yaml asks for that is wrong itself, nobody knows.
        findings = [f for f in findings if f.rule != "stale-config"]
    findings = [_hidden(f) for f in findings]
    mended = [(_hidden(f), backup) for f, backup in mended]
    files = [target.name for target in targets]
    return _result(findings, mended, files, form, strict=args["strict"])


def _hidden(found: Finding) -> Finding:
    """Without what looks like a key in it."""
    return found._replace(what=hidden(found.what), fix=hidden(found.fix))


def _result(
    findings: list[Finding],
    mended: list[tuple[Finding, str]],
    files: list[str],
    form: str,
    *,
    strict: bool,
) -> Result:
    errors = sum(f.is_error for f in findings)
    data = {
        "files": files,
        "findings": [_row(f) for f in findings],
        "mended": [{**_row(f), "backup": backup} for f, backup in mended],
        "errors": errors,
        "warnings": len(findings) - errors,
    }
    bad = bool(findings) if strict else bool(errors)
    code = 2 if any(f.rule in EXIT_2 for f in findings) else int(bad)
    if form != "text":
        return Result(data, REPORTS[form](findings, data), code)
    return Result(data, (*told(findings, mended), summary(findings, files)), code)


def _row(found: Finding) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "severity": found.severity,
        "file": found.file,
        "line": found.line,
        "column": found.column,
        "what": found.what,
        "fix": found.fix,
        "mendable": found.mend is not None,
    }


def _targets(ctx: Context, file: str | None) -> list[Target]:
    """The file that was named, or all of the workspace's: its two files, and its keys' rights."""
    workspace = ctx.workspace
    if file:
        path = os.path.join(ctx.cwd, os.path.expanduser(file))
        real = os.path.realpath(path)
        for own, kind in ((workspace.providers_file, PROVIDERS), (workspace.config_file, CONFIG)):
            if os.path.realpath(own) == real:
                return [Target(path, file, kind, own=True)]
        return [Target(path, file)]
    if not workspace.configured:
        raise NotConfiguredError(
            "Nothing is configured yet.",
            f"There is no {shown(workspace.providers_file, ctx.environ)}.",
            "`freerouter validate FILE` looks at any file.",
        )
    mine = [(workspace.providers_file, PROVIDERS)]
    if os.path.lexists(workspace.config_file):
        mine.append((workspace.config_file, CONFIG))
    beside = os.path.join(os.path.dirname(workspace.root), ".env")
    envs = [workspace.env_file, *([beside] if workspace.origin == "project" else [])]
    mine += [(path, ENV) for path in envs if os.path.lexists(path)]
    return [Target(path, shown(path, ctx.environ), kind, own=True) for path, kind in mine]


def _secrets(ctx: Context) -> tuple[Secrets | None, list[Finding]]:
    """The keys, also to hide them. Without them no variable can be looked up."""
    try:
        return load_secrets(ctx), []
    except FileError as error:
        what = f"{error.what.removesuffix('.')}: {error.why}"
        name = shown(ctx.workspace.env_file, ctx.environ)
        return None, [Finding("unreadable", name, 1, 1, what, "Save it as UTF-8 text.")]


def examine(ctx: Context, target: Target, secrets: Secrets | None) -> tuple[Read, list[Finding]]:
    """A file, and all that is wrong in it, in the order of the file."""
    if target.kind == ENV:
        found = Read(target.name, target.path)
        return found, list(setup_checks.check_mode(target.path, target.name))
    found = read(target.path, target.name)
    return found, judged(ctx, target, found, secrets)


def judged(ctx: Context, target: Target, found: Read, secrets: Secrets | None) -> list[Finding]:
    findings = [*found.findings]
    if found.document is not None:
        kind = target.kind or kind_of(found.document.data)
        judge = {PROVIDERS: _providers, CONFIG: _config, FLOW: _flow}.get(kind)
        if judge is not None:
            findings += judge(ctx, target, found, secrets)
        else:
            empty = found.document.data is None
            what = "this file is empty." if empty else "this is no configuration that is known."
            fix = "A providers.yaml has `providers:`, a config of LiteLLM `model_list:`."
            rule = "empty-file" if empty else "unknown-kind"
            findings.append(Finding(rule, found.name, 1, 1, what, fix))
    if any(f.rule == "secret-in-clear" for f in findings):
        findings += setup_checks.check_mode(found.path, found.name)
    return sorted(findings, key=lambda f: (f.line, f.column))


def _providers(
    ctx: Context, target: Target, found: Read, secrets: Secrets | None
) -> Iterator[Finding]:
    assert found.document is not None  # noqa: S101 - or nothing would be judged
    faults: list[Finding] = []
    bare = found.document
    document = bare._replace(told=lambda fault: faults.append(from_fault(bare, fault)))
    try:
        file = read_providers(document)
    except FreeRouterError as error:  # what is refused without being told
        refused = FileError(error.what, error.why, error.fix)
        yield from (*faults, from_error(refused, found.name, "refused"))
        return
    yield from faults
    if secrets is None:
        return
    secrets = secrets if target.own else _beside(ctx, target)
    rows = read_models(ctx.workspace) if target.own else []
    setup = providers.Setup(file, _if_set(secrets), rows, load_known(), _today(ctx), found.text)
    hits = [hit for check in providers.CHECKS for hit in check(setup)]
    unset = [hit.path for hit in hits if hit.rule == "unset-variable"]
    hits += setup_checks.check_providers(file, catalogue_of(ctx), secrets, unset)
    hits += setup_checks.check_gateway(file, ctx, secrets)
    _learn(ctx, bare, hits)
    yield from (placed(bare, hit) for hit in hits)


def _of_a_made_file(hit: Hit) -> Hit:
    """What `fetch` writes anew is not mended in place, but where it comes from."""
    if hit.path[:1] == ("model_list",):
        return hit._replace(mend=None)
    fix = f"{hit.fix} It comes from `litellm:` in providers.yaml.".strip()
    return hit._replace(mend=None, fix=fix)


def _if_set(secrets: Secrets) -> Callable[[str], str | None]:
    """Values by name; what lies in a keyring that does not open is set all the same."""

    def get(name: str) -> str | None:
        try:
            return secrets.get(name)
        except FreeRouterError:
            return name

    return get


def _config(
    ctx: Context, target: Target, found: Read, secrets: Secrets | None
) -> Iterator[Finding]:
    document = found.document
    assert document is not None  # noqa: S101 - as above
    if not isinstance(document.data, dict):
        what = "LiteLLM's config must be a map."
        yield Finding("wrong-type", found.name, 1, 1, what, "It begins with `model_list:`.")
        return
    ours = FINGERPRINT in found.text[:1000]
    get = None if ours or secrets is None else _beside(ctx, target).get
    texts = tuple(references.strings(document.data, ()))
    config = litellm.Config(
        document.data, load_known(), _today(ctx), get=get, text=found.text, texts=texts
    )
    hits = [hit for check in (*litellm.CHECKS, *groups.CHECKS) for hit in check(config)]
    hits += litellm.check_includes(config, os.path.dirname(target.path))
    hits += setup_checks.check_prefixes_of(config, catalogue_of(ctx))
    kept = map(_of_a_made_file, hits) if ours else hits
    _learn(ctx, document, hits)
    yield from (placed(document, hit) for hit in kept)
    if ours:
        yield from setup_checks.check_written(found)
    if target.own:
        yield from setup_checks.check_current(ctx, found)


def _learn(ctx: Context, document: Document, hits: list[Hit]) -> None:
    """What is written out in the file is hidden wherever else it would be shown."""
    for hit in hits:
        if hit.rule == "secret-in-clear":
            ctx.redact.learn({str(hit.path[-1]): str(at(document.data, hit.path))})


def _flow(ctx: Context, target: Target, found: Read, secrets: Secrets | None) -> Iterator[Finding]:
    from freerouter.flows import check_document

    assert found.document is not None  # noqa: S101 - as above
    try:
        check_document(found.document)
    except FileError as error:
        yield from_error(error, found.name, "flow")


def _beside(ctx: Context, target: Target) -> Secrets:
    """The variables that are set here, those of a `.env` beside the file included."""
    secrets = Secrets(ctx.workspace, ctx.environ)
    if not target.own:
        secrets.in_keyring = {}
        secrets.stored = read_env_file(os.path.join(os.path.dirname(target.path), ".env"))
        ctx.redact.learn(secrets.stored)
    return secrets


def _today(ctx: Context) -> str:
    return datetime.fromtimestamp(ctx.now(), timezone.utc).date().isoformat()


def _mended(ctx: Context, target: Target, secrets: Secrets | None) -> list[tuple[Finding, str]]:
    """Mend what is safe; each finding with the backup of its file, "" where none was needed."""
    with atomic.lock(ctx.workspace.root) if target.own else nullcontext():
        return list(_mend(ctx, target, secrets))


def _mend(ctx: Context, target: Target, secrets: Secrets | None) -> Iterator[tuple[Finding, str]]:
    """In rounds: what is mended may show what lay behind it."""
    backup = ""
    for _ in range(MOST_MENDS):
        found, findings = examine(ctx, target, secrets)
        edits = [f for f in findings if f.mend and f.mend.kind != "mode"]
        new = mend_text(found.text, found.document, edits) if found.document and edits else None
        if new is None or not new.done:
            break
        backup = backup or _kept(ctx, target)
        atomic.write_text(target.path, new.text, os.stat(target.path).st_mode & 0o777)
        yield from ((finding, backup) for finding in new.done)
    _, findings = examine(ctx, target, secrets)
    for finding in findings:
        if finding.mend and finding.mend.kind == "mode":
            try:
                os.chmod(target.path, 0o600)
            except OSError as error:
                raise atomic.unwritable(target.path, error) from None
            yield finding, ""


def _kept(ctx: Context, target: Target) -> str:
    """Keep the file as it is: among the workspace's backups, or beside one that is somebody's."""
    if target.own:
        name = back_up(ctx.workspace, ctx.now())
        return os.path.join(ctx.workspace.backups, f"{os.path.basename(target.path)}.backup.{name}")
    stamp = datetime.fromtimestamp(ctx.now()).astimezone().strftime(STAMP)
    path = f"{target.path}.backup.{stamp}"
    with open(target.path, "rb") as file:
        atomic.write_bytes(path, file.read())
    return path


def _schema() -> Result:
    from freerouter.config.providers_schema import schema, text

    return Result(schema(), (Line(text().rstrip("\n")),))


def _rules() -> Result:
    rows = tuple((rule.id, rule.severity, rule.finds) for rule in RULES)
    data = {"rules": [rule._asdict() for rule in RULES]}
    return Result(data, (Table(("RULE", "SEVERITY", "TELLS OF"), rows),))
