"""Progress on a terminal, drawn by rich: one line a task, gone when the work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from freerouter.frontends.columns import one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

    from freerouter.result import Progress

MARKS = {"ok": "[green]✓[/]", "failed": "[red]✗[/]"}


class LiveProgress:
    """Shows the newest state of each task."""

    def __init__(self) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # it would be no terminal any more to whoever asks
            redirect_stderr=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def update(self, event: Progress) -> None:
        total = event.total or None
        label = escape(one_line(event.label))
        if event.task not in self._tasks:
            self._tasks[event.task] = self._bars.add_task(label, total=total)
        mark = MARKS.get(event.state, "")
        done = event.state != "running"
        self._bars.update(
            self._tasks[event.task],
            description=f"{mark} {label}".strip(),
            total=1 if done else total,
            completed=1 if done else event.done,
        )

    def close(self) -> None:
        self._bars.stop()
