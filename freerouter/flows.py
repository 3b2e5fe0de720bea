"""Opening flows for a session: which there are, with which answers, and going on with one."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.workspace import shown, state_home
from freerouter.config.yaml_file import read_yaml
from freerouter.consent import confirm
from freerouter.errors import CancelledError, FileError, FreeRouterError, NotFoundError, UsageError
from freerouter.plugins import flow_directories
from freerouter.resources import flow_paths
from freerouter.result import Line, Output, Result, Running, Table, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document
    from freerouter.session import Session
    from freerouter.wizard.driver import FlowRun, Options


def open_flow(session: Session, name: str, args: Mapping[str, Any]) -> Result:
    """Run a flow with a command's options. What was answered is kept if it is broken off."""
    from freerouter.wizard.driver import Options

    given = pairs(args.get("set") or [])
    if args.get("at"):
        _refuse_another_place(session, args["at"])
        given.setdefault("place", args["at"])
    options = Options(
        given,
        defaults=bool(args.get("yes")),
        advanced=bool(args.get("advanced")),
        dry_run=bool(args.get("dry_run")),
        explain=bool(args.get("explain")),
    )
    return _run(session, name, options)


def _refuse_another_place(session: Session, at: str) -> None:
    """A flow edits the configuration that there is, which is not the one that was asked for."""
    ctx = session.context()
    if ctx.workspace.configured and ctx.workspace.origin != at:
        raise UsageError(
            f"There is a configuration already: {shown(ctx.workspace.root, ctx.environ)}.",
            "The wizard would edit that one.",
            f"`freerouter init --at {at}` makes another one first.",
        )


def run_named(session: Session, args: Mapping[str, Any]) -> Result:
    """`flow NAME`."""
    return open_flow(session, args["name"], args)


def list_all(session: Session, args: Mapping[str, Any]) -> Result:
    """Every flow, ours and the workspace's own, with its title; one that is broken says so."""
    from freerouter.wizard.checking import flow_in

    rows = []
    for name, path in sorted(flow_paths(_directories(session)).items()):
        try:
            title = flow_in(path).title
        except FreeRouterError as error:
            title = f"broken: {error.what.splitlines()[0]}"
        rows.append((name, title, shown(path, session.context().environ)))
    data = {"flows": [{"name": n, "title": t, "path": p} for n, t, p in rows]}
    return Result(data, (Table(("FLOW", "TITLE", "FILE"), tuple(rows)),))


def check(session: Session, args: Mapping[str, Any]) -> Result:
    """Check a flow file without running it."""
    from freerouter.wizard.checking import read_flow
    from freerouter.wizard.schema import asks

    flow = read_flow(read_yaml(args["file"], session.context().cwd))
    questions = [ask.ask for ask in asks(flow)]
    line = (
        f"{args['file']}: the flow {flow.flow} is in order, {counted(len(questions), 'question')}."
    )
    return Result({"flow": flow.flow, "questions": questions}, (Line(line, "ok"),))


def check_document(document: Document) -> None:
    """Check a flow that stands somewhere. Raises FileError with the place of the first fault."""
    from freerouter.wizard.checking import read_flow

    read_flow(document)


def schema(session: Session, args: Mapping[str, Any]) -> Result:
    """The JSON Schema of a flow file."""
    from freerouter.wizard.schema import Flow

    data = Flow.model_json_schema(by_alias=True)
    return Result(data, (Line(json.dumps(data, indent=2)),))


def questions_of(session: Session, name: str) -> list[str] | None:
    """The ids of a flow's questions; None for a flow that is not there yet."""
    from freerouter.wizard.checking import load_flow
    from freerouter.wizard.schema import asks

    try:
        flow = load_flow(name, _directories(session))
    except NotFoundError:
        return None
    return list(dict.fromkeys(ask.ask for ask in asks(flow)))


def resume(session: Session, args: Mapping[str, Any]) -> Result:
    """Go on where a flow was broken off: with its answers, or with the commands that are left."""
    from freerouter.wizard.driver import Options

    name = args["name"] or _latest(session)
    kept = _read(session, name)
    session.profile = session.profile or kept["profile"]
    if kept["left"]:
        return _finish(session, name, kept, agreed=bool(args.get("yes")))
    options = Options(kept=kept["answers"], defaults=bool(args.get("yes")))
    return _run(session, name, options)


def _run(session: Session, name: str, options: Options) -> Result:
    from freerouter.wizard.checking import load_flow
    from freerouter.wizard.driver import FlowRun

    flow = FlowRun(session, load_flow(name, _directories(session)), options)
    try:
        result = flow.run()
    except (CancelledError, KeyboardInterrupt):
        kept = not options.dry_run and _keep(session, name, flow)
        raise _cancelled(kept=kept, begun=bool(flow.left)) from None
    except FreeRouterError:
        if not options.dry_run:
            _keep(session, name, flow)
        raise
    if not options.dry_run:
        _forget(session, name)
    return result


def _cancelled(*, kept: bool, begun: bool) -> CancelledError:
    """One way to end, wherever somebody gives up."""
    what = "Cancelled." if begun else "Nothing was changed."
    if kept:
        return CancelledError(what, "Your answers are kept.", "`freerouter flow resume` goes on.")
    return CancelledError(what)


def _keep(session: Session, name: str, flow: FlowRun) -> bool:
    """Keep what a later run can take up, if there is anything. Never a secret."""
    if not (flow.kept or flow.left):
        return False
    data = {
        "profile": session.profile,
        "answers": flow.kept,
        "left": [list(p.words) for p in flow.left],
    }
    text = json.dumps(data, ensure_ascii=False)
    if session.redact(text) != text:
        return False
    path = _path(session, name)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        atomic.write_text(path, text + "\n", mode=0o600)
    except (OSError, FileError):
        return False
    return True


def _finish(session: Session, name: str, kept: dict[str, Any], *, agreed: bool) -> Result:
    """Run the commands that were left over; stop at the first that fails, keeping the rest."""
    left: list[list[str]] = kept["left"]
    if not agreed:
        confirm(session, left, "The commands that are left")
    while left:
        session.frontend.event(Running(shlex.join(left[0])))
        result = session.command(session.parse(list(left[0])))
        for block in result.show:
            session.frontend.event(Output(block))
        if result.exit_code:
            return Result({"flow": name, "left": left}, exit_code=result.exit_code)
        left = left[1:]
        text = json.dumps({**kept, "left": left}, ensure_ascii=False)
        atomic.write_text(_path(session, name), text + "\n", mode=0o600)
    _forget(session, name)
    return Result({"flow": name, "left": []}, (Line("Done.", "ok"),))


def _directories(session: Session) -> list[str]:
    return flow_directories(session.context().workspace.flows)


def _path(session: Session, name: str) -> str:
    return os.path.join(state_home(session.context().environ), "flows", f"{name}.json")


def _read(session: Session, name: str) -> dict[str, Any]:
    try:
        with open(_path(session, name), encoding="utf-8") as file:
            data = json.load(file)
        return {"profile": "", **data, "answers": {**data["answers"]}, "left": [*data["left"]]}
    except (OSError, ValueError, TypeError, KeyError):
        raise NotFoundError(f'No run of "{name}" was broken off.', fix="`flow list`.") from None


def _latest(session: Session) -> str:
    directory = os.path.dirname(_path(session, "x"))
    try:
        names = [n for n in os.listdir(directory) if n.endswith(".json")]
    except OSError:
        names = []
    if not names:
        raise NotFoundError("No flow was broken off.", fix="`flow list` shows the flows.")
    return max(names, key=lambda n: os.stat(os.path.join(directory, n)).st_mtime_ns)[:-5]


def _forget(session: Session, name: str) -> None:
    try:
        os.unlink(_path(session, name))
    except OSError:
        return


def pairs(items: list[str]) -> dict[str, str]:
    pairs = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(
                f'--set takes id=value, not "{item}".', fix="--set providers=demo, say."
            )
        pairs[name] = value
    return pairs
