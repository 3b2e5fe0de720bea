"""`alias add`, `list`, `rename`, `remove`, `restore`: names for one model or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.pools import lost_lines
from freerouter.commands.selection import find_model
from freerouter.commands.writing import last_lists, reload_hint, rewrite
from freerouter.config import atomic
from freerouter.config.aliases_file import BALANCE, BUILT_IN, NAME, ORDER, Alias
from freerouter.config.edit import put_named, rename_alias
from freerouter.config.providers_file import load_providers
from freerouter.config.state import read_models, read_pools
from freerouter.config.yaml_file import decode
from freerouter.errors import NotFoundError, UsageError
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context

EXAMPLE = "For example: alias add work groq/llama-3.3-70b-versatile cerebras/llama-3.3-70b"


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Every alias as it stands in config.yaml, its members in the order in which they are asked."""
    pools = sorted(read_pools(ctx.workspace), key=lambda pool: (not pool["own"], _place(pool)))
    if args["name"]:
        known = [pool["name"] for pool in pools]
        pools = [pool for pool in pools if pool["name"] == args["name"]]
        if not pools:
            raise _unknown(args["name"], known)
    off = [name for name, alias in load_providers(ctx.workspace).aliases.items() if alias.off]
    rows = []
    for pool in pools:
        first = (pool["name"], _strategy(pool))
        for name in pool["members"]:
            shares = pool["weights"].get(name)
            rows.append((*first, name, f"{shares} shares" if shares else ""))
            first = ("", "")
        for name, why in pool["lost"]:
            rows.append((*first, name, f"not served: {why}"))
            first = ("", "")
    show: list[Table | Line] = [Table(("ALIAS", "STRATEGY", "ASKS", ""), tuple(rows))]
    if not pools:
        show = [Line("There is no alias.", "dim")]
    if off and not args["name"]:
        show.append(Line(f"Switched off: {', '.join(off)}.", "dim"))
    return Result({"aliases": pools, "off": off}, tuple(show))


def _place(pool: Mapping[str, Any]) -> tuple[int, str]:
    name = pool["name"]
    return (BUILT_IN.index(name) if name in BUILT_IN else len(BUILT_IN)), name


def _strategy(pool: Mapping[str, Any]) -> str:
    return str(pool["strategy"]) if pool["own"] else "built in"


def add(ctx: Context, args: Mapping[str, Any]) -> Result:
    file, name = load_providers(ctx.workspace), args["name"]
    _check_name(name)
    known: dict[str, set[str]] = {}
    for row in read_models(ctx.workspace):
        if row["written"]:
            known.setdefault(row["provider"], set()).add(row["id"])
    members = tuple(dict.fromkeys(_member(ctx, word, known) for word in args["model"]))
    strategy = args["strategy"] or ORDER
    weights = dict(_weight(word, members) for word in args["weight"])
    if weights and strategy != BALANCE:
        raise UsageError(
            "--weight is for --strategy balance.",
            "In an order the first member that can answers.",
        )
    if args["timeout"] is not None and args["timeout"] <= 0:
        raise UsageError("--timeout takes a number of seconds.")
    alias = Alias(name, members, strategy, weights, args["timeout"])
    before = file.aliases.get(name)
    put = _put(ctx, {**file.aliases, name: alias})
    asks = f"{name} shares its requests among" if strategy == BALANCE else f"{name} asks"
    words = f"{asks} {_worded(members, strategy)}."
    undo = _back(name, before) if before else (("alias", "remove", name),)
    return _done(ctx, put, words, {"alias": _data(alias)}, undo)


def rename(ctx: Context, args: Mapping[str, Any]) -> Result:
    file, old, new = load_providers(ctx.workspace), args["name"], args["new"]
    _own(file, old)
    _check_name(new)
    if new in file.aliases:
        raise UsageError(
            f"There is an alias {new} already.", fix=f"`alias remove {new}` takes it away first."
        )

    def put() -> bool:
        return rename_alias(ctx.workspace, old, new, ctx.now())

    undo = (("alias", "rename", new, old),)
    return _done(ctx, put, f"{old} is called {new} now.", {"old": old, "new": new}, undo)


def remove(ctx: Context, args: Mapping[str, Any]) -> Result:
    file, name = load_providers(ctx.workspace), args["name"]
    before = file.aliases.get(name)
    if before is None and name not in BUILT_IN:
        raise _unknown(name, [*file.aliases, *BUILT_IN])
    rest = {other: alias for other, alias in file.aliases.items() if other != name}
    if before is None:
        words = f"{name} is switched off."
        rest[name] = Alias(name)
    elif before.off:
        raise UsageError(f"{name} is off already.", fix=f"`alias restore {name}` brings it back.")
    else:
        back = ": the built-in one is back" if name in BUILT_IN else ""
        words = f"{name} is taken away{back}."
    undo = _back(name, before) if before else (("alias", "restore", name),)
    return _done(ctx, _put(ctx, rest), words, {"alias": name}, undo)


def restore(ctx: Context, args: Mapping[str, Any]) -> Result:
    file, name = load_providers(ctx.workspace), args["name"]
    if name not in BUILT_IN:
        raise NotFoundError(
            f'"{name}" is no built-in alias.', fix=f"Those are {', '.join(BUILT_IN)}."
        )
    before = file.aliases.get(name)
    if before is not None and not before.off:
        raise UsageError(
            f"{name} is an alias of your own.",
            fix=f"`alias remove {name}` takes it away: the built-in one is back then.",
        )
    rest = {other: alias for other, alias in file.aliases.items() if other != name}
    words = f"{name} is {'on again' if before else 'on already'}."
    undo = (("alias", "remove", name),)
    return _done(ctx, _put(ctx, rest), words, {"alias": name}, undo)


def _done(
    ctx: Context,
    write: Callable[[], object],
    words: str,
    data: dict[str, Any],
    undo: tuple[tuple[str, ...], ...],
) -> Result:
    """Both files in step, or neither written."""
    path = ctx.workspace.providers_file
    with open(path, "rb") as file:
        before = decode(file.read(), path)
    data = {**data, "changed": bool(write())}
    try:
        rewrite(ctx, backed_up=data["changed"])
    except BaseException:
        atomic.write_text(path, before)
        raise
    show = (Line(words, "ok"), *lost_lines(ctx.workspace), *reload_hint(ctx))
    return Result(data, show, undo=undo if data["changed"] else ())


def _put(ctx: Context, aliases: Mapping[str, Alias]) -> Callable[[], bool]:
    values = {name: alias.as_value() for name, alias in aliases.items()}
    return lambda: put_named(ctx.workspace, "aliases", values, ctx.now())


def _data(alias: Alias) -> dict[str, Any]:
    return {**alias._asdict(), "weights": dict(alias.weights)}


def _back(name: str, before: Alias) -> tuple[tuple[str, ...], ...]:
    """The commands that bring the alias of that name back as it was."""
    if before.off:  # what is there now goes, and then the built-in one
        return (("alias", "remove", name), ("alias", "remove", name))
    return (tuple(before.as_words()),)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" cannot be the name of an alias.',
            fix=f"The name stands first, with letters, digits, and - _ . : in between. {EXAMPLE}",
        )


def _own(file: ProvidersFile, name: str) -> Alias:
    alias = file.aliases.get(name)
    if alias is not None and not alias.off:
        return alias
    if name in BUILT_IN:
        raise UsageError(
            f"{name} is built in, and keeps its name.",
            fix=f"`alias add NAME …` makes one of your own, `alias remove {name}` switches it off.",
        )
    raise _unknown(name, [n for n, a in file.aliases.items() if not a.off])


def _unknown(name: str, known: Iterable[str]) -> NotFoundError:
    return NotFoundError(
        f'There is no alias "{name}".',
        fix=did_you_mean(name, known) or "`alias list` shows what there is.",
    )


def _member(ctx: Context, word: str, known: Mapping[str, set[str]]) -> str:
    """`provider/model` of a word, which may be an id alone where one provider has it."""
    try:
        found = find_model(word, known)
    except NotFoundError:
        lists = {n: {m.id for m in models} for n, models in last_lists(ctx.workspace).items()}
        provider, model = find_model(word, lists)[0]
        raise NotFoundError(
            f"{provider} lists {model}, but the gateway does not serve it.",
            fix=f"`select --add {provider}/{model}` has it served.",
        ) from None
    if len(found) > 1:
        raise UsageError(
            f"{word} is at {', '.join(provider for provider, _ in found)}.",
            fix=f"Say at which one: {found[0][0]}/{word}.",
        )
    return "/".join(found[0])


def _weight(word: str, members: Sequence[str]) -> tuple[str, int]:
    name, _, number = word.rpartition("=")
    if name not in members or not number.isdecimal() or int(number) < 1:
        raise UsageError(
            f'--weight {word}: it takes a member and its share, "{members[0]}=3".',
            fix=did_you_mean(name, members),
        )
    return name, int(number)


def _worded(members: Sequence[str], strategy: str) -> str:
    if len(members) == 1:
        return members[0]
    between = ", then " if strategy == ORDER else ", "
    last = between if strategy == ORDER else " and "
    return between.join(members[:-1]) + last + members[-1]
