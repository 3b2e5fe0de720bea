"""The line at the bottom of the shell."""

from __future__ import annotations

import pytest

from freerouter.shell.toolbar import toolbar
from freerouter.standing import Standing

STOPPED = Standing(
    configured=True, has_models=True, listed=5, served=2, providers=("groq", "nim", "demo")
)
RUNNING = STOPPED._replace(address="127.0.0.1:4000", requests=34)


def drawn(now: Standing, recording: str = "", width: int = 120) -> str:
    return "".join(text for _, text in toolbar(now, recording, width))


def test_it_says_how_things_stand() -> None:
    assert drawn(Standing()) == " nothing set up: init --wizard"
    assert drawn(STOPPED) == " gateway stopped · 3 providers ok · 2 of 5 models served"
    assert drawn(RUNNING) == (
        " gateway 127.0.0.1:4000 · 3 providers ok · 2 of 5 models served · 34 requests today"
    )


def test_it_names_the_profile_what_fails_and_what_is_recorded() -> None:
    now = RUNNING._replace(profile="dev", failing={"nim": "no quota left"})
    assert drawn(now, "one.frs").startswith(
        " ● recording one.frs · dev · gateway 127.0.0.1:4000 · 1 failing (nim: no quota left) · "
        "2 providers ok"
    )


def test_a_budget_that_runs_out_is_told() -> None:
    now = RUNNING._replace(budget="budget of all: 83 %")
    assert drawn(now, width=60).startswith(" gateway 127.0.0.1:4000 · budget of all: 83 %")


def test_a_gateway_that_has_ended_stands_out() -> None:
    assert ("class:toolbar class:bad", "gateway ended unexpectedly") in toolbar(
        STOPPED._replace(crashed=True), "", 80
    )


@pytest.mark.parametrize("width", range(1, 130, 3))
def test_it_never_needs_a_second_line(width: int) -> None:
    now = RUNNING._replace(failing={"nim": "no quota left"}, profile="dev")
    assert len(drawn(now, "one.frs", width)) <= width


def test_what_is_wrong_stays_longest() -> None:
    now = RUNNING._replace(failing={"nim": "key refused"})
    assert drawn(now, width=60) == " gateway 127.0.0.1:4000 · 1 failing (nim: key refused)"
