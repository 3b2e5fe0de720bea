"""The shell's settings: `set` shows them, `set NAME VALUE` changes one, and they stay."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.state import read_state, write_state
from freerouter.config.workspace import shown
from freerouter.errors import NotConfiguredError, UsageError
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.result import Block

ON_OFF = ("on", "off")


class Settings(NamedTuple):
    """Each is one of its values in `VALUES`."""

    editing: str = "emacs"
    completion: str = "on"
    hints: str = "on"
    toolbar: str = "on"


VALUES: dict[str, tuple[tuple[str, ...], str]] = {
    "editing": (("emacs", "vi"), "which keys edit the line"),
    "completion": (ON_OFF, "offer what can come next while you type; off: at Tab only"),
    "hints": (ON_OFF, "offer what comes next on the empty line"),
    "toolbar": (ON_OFF, "the line at the bottom"),
}


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    words = [word for word in (args["name"], args["value"]) if word]
    _, result = change(read_settings(ctx.workspace), words, ctx.workspace)
    if len(words) > 1 and not ctx.workspace.configured:
        raise NotConfiguredError(
            "There is no place yet to keep it in.",
            f"Settings are kept beside {shown(ctx.workspace.providers_file, ctx.environ)}.",
            "`freerouter init` makes a configuration.",
        )
    return result


def settings_file(workspace: Workspace) -> str:
    return os.path.join(workspace.state, "shell.json")


def read_settings(workspace: Workspace) -> Settings:
    """What is not there, or is no value of it, is as it is by default."""
    found = read_state(settings_file(workspace)) or {}
    return Settings(
        **{name: found[name] for name, (values, _) in VALUES.items() if found.get(name) in values}
    )


def change(settings: Settings, words: list[str], workspace: Workspace) -> tuple[Settings, Result]:
    """`set`, `set NAME` or `set NAME VALUE`. Raises UsageError."""
    if not words:
        return settings, Result(settings._asdict(), (_table(settings, list(VALUES)),))
    name, *values = words
    if name not in VALUES:
        near = did_you_mean(name, VALUES) or f"There are: {', '.join(VALUES)}."
        raise UsageError(f'There is no setting "{name}".', fix=near)
    if not values:
        return settings, Result(settings._asdict(), (_table(settings, [name]),))
    possible, _ = VALUES[name]
    if len(values) > 1 or values[0] not in possible:
        what = f'{name} cannot be "{" ".join(values)}".'
        raise UsageError(what, fix=f"`set {name} {' or '.join(possible)}`")
    settings = settings._replace(**{name: values[0]})
    lines: list[Block] = [Line(f"{name} is {values[0]}.", "ok")]
    if workspace.configured:
        write_state(settings_file(workspace), settings._asdict())
    else:
        lines.append(Line("It is kept once there is a configuration.", "dim"))
    return settings, Result(settings._asdict(), tuple(lines))


def _table(settings: Settings, names: list[str]) -> Table:
    now = settings._asdict()
    rows = tuple((name, now[name], ", ".join(VALUES[name][0]), VALUES[name][1]) for name in names)
    return Table(("SETTING", "NOW", "VALUES", "WHAT IT DOES"), rows)
