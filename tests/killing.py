"""Kills a write at every system call that it makes, and looks at what is on the disk then.

`python tests/killing.py SCENARIO DIRECTORY` prints JSON: how many calls there were, and for each
the files that were neither old nor new. It is traced with ptrace, as a debugger would.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
SYSGOOD, EXITKILL = 1, 1 << 20
CALL = signal.SIGTRAP | 0x80
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
SCRAP = re.compile(r"\..+\.\d+-[0-9a-f]+")
"""A temporary file, which a crash may leave."""
AGAIN = 5
"""After every so many kills it is done once more, to its end."""
FORBIDDEN = 1
"""The exit code where the system does not let anything be traced."""


def edit(root: str) -> None:
    from freerouter.config.edit import put_provider
    from freerouter.config.workspace import Workspace

    put_provider(Workspace(root), {"type": "oai", "name": "attic", "api_base": "http://a"}, 0.0)


def key(root: str) -> None:
    from freerouter.config.secrets import store
    from freerouter.config.workspace import Workspace

    store(Workspace(root), "SECOND_KEY", "the-second-key")


def no_key(root: str) -> None:
    from freerouter.config.secrets import remove_variable
    from freerouter.config.workspace import Workspace

    remove_variable(Workspace(root), "FIRST_KEY")


def _command(*words: str) -> Callable[[str], None]:
    def run(root: str) -> None:
        from freerouter.cli import main

        os.environ["FREEROUTER_HOME"] = root
        assert main([*words]) == 0

    return run


SCENARIOS: dict[str, tuple[Callable[[str], None], bool]] = {
    "edit": (edit, True),
    "key": (key, True),
    "no_key": (no_key, True),
    "fetch": (_command("fetch"), True),
    "backup": (_command("backup"), True),
    "setting": (_command("config", "set", "gateway.request_timeout", "30"), True),
    "restore": (_command("restore", "2", "--yes"), False),
    "undo": (_command("undo"), False),
}
"""What is done, and whether doing it once more comes to the same."""


def set_up(root: str, scenario: str) -> None:
    """A workspace in which the scenario has something to change."""
    os.makedirs(root)
    os.environ["FREEROUTER_HOME"] = root
    from freerouter.cli import main

    def static(name: str) -> None:
        words = ("providers", "add", "static", "--model", name, "--via", "openai")
        assert main([*words, "--url", "http://127.0.0.1:9/v1"]) == 0

    _put(root, "providers.yaml", "# mine\nproviders:\n  - type: demo  # first\n")
    _put(root, ".env", "# mine\nFIRST_KEY=the-first-key\n")
    assert main(["fetch"]) == 0
    static("model")
    if scenario != "fetch":
        assert main(["fetch"]) == 0
        static("other")
        assert main(["fetch"]) == 0


def _put(root: str, name: str, text: str) -> None:
    with open(os.path.join(root, name), "w", encoding="utf-8") as file:
        file.write(text)


def contents(root: str) -> dict[str, str]:
    """Every file but temporary ones; of lists of models what does not depend on the time."""
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            if SCRAP.fullmatch(name) or name == ".lock":
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if name.endswith(".json"):
                try:
                    data = json.loads(text)
                    data.pop("fetched", None)
                    text = json.dumps(data)
                except ValueError:
                    text = f"no JSON: {text}"
            found[os.path.relpath(path, root)] = text
    return found


def strange(now: dict[str, str], old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Files that are neither as they were nor as they were to be. A backup may be of any time, if
    it is one of the whole old file.
    """
    wrong = [name for name in old if name not in now and name in new]
    for name, text in now.items():
        before, _, _ = os.path.basename(name).partition(".backup.")
        fits = {old.get(name), new.get(name)}
        if name.startswith("backups/") and name not in old:
            fits.add(old.get(before))
        if name == "state/undone.json" and not text.startswith("no JSON"):
            continue  # it names backups, and those have names of the time
        if text not in fits:
            wrong.append(name)
    return wrong


def traced(act: Callable[[str], None], root: str, kill_at: int) -> int:
    """Do it in a process that is killed when it begins its system call of that number; how many it
    had begun. 0 where it came to its end.
    """
    pid = os.fork()
    if not pid:
        _be_traced(act, root)
    os.waitpid(pid, 0)
    LIBC.ptrace(SETOPTIONS, pid, None, SYSGOOD | EXITKILL)
    stops = 0
    number = 0
    while True:
        LIBC.ptrace(SYSCALL, pid, None, number or None)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            assert status == 0, f"it ended with {status}"
            return 0
        number = 0 if os.WSTOPSIG(status) == CALL else os.WSTOPSIG(status)
        if number:
            continue
        stops += 1  # each call stops twice: when it begins, and when it has ended
        if stops == 2 * kill_at - 1:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return kill_at


def _be_traced(act: Callable[[str], None], root: str) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.environ["FREEROUTER_HOME"] = root
    LIBC.ptrace(TRACEME, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
    code = 1
    try:
        act(root)
        code = 0
    finally:
        os._exit(code)


def may_trace() -> bool:
    pid = os.fork()
    if not pid:
        os._exit(0 if LIBC.ptrace(TRACEME, 0, None, None) == 0 else 1)
    _, status = os.waitpid(pid, 0)
    return status == 0


def main(scenario: str, top: str) -> int:
    if not may_trace():
        return FORBIDDEN
    act, again = SCENARIOS[scenario]
    first, root = os.path.join(top, "first"), os.path.join(top, "freerouter")
    sys.stdout, told = open(os.devnull, "w", encoding="utf-8"), sys.stdout  # noqa: SIM115
    set_up(first, scenario)
    old = contents(first)
    shutil.copytree(first, root)
    act(root)
    new = contents(root)
    report: dict[str, object] = {"changed": sorted(n for n in new if new[n] != old.get(n))}
    wrong: dict[int, list[str]] = {}
    failed: list[int] = []
    number = 0
    while True:
        number += 1
        shutil.rmtree(root)
        shutil.copytree(first, root)
        ended = traced(act, root, number) == 0
        now = contents(root)
        if strange(now, old, new):
            wrong[number] = strange(now, old, new)
        if ended:
            break
        if again and number % AGAIN == 0:
            act(root)
            after = contents(root)
            kept = ("providers.yaml", "config.yaml", ".env", "state/models.json")
            if any(after[n] != new[n] for n in kept if n in new):
                failed.append(number)
    told.write(json.dumps({**report, "calls": number - 1, "wrong": wrong, "failed": failed}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
