"""Ctrl-C that comes while a prompt is set up or taken away."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from freerouter.frontends.interrupts import held, never_lost


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_waits_for_somebody_who_takes_it() -> None:
    with held() as kept:
        interrupt()
        assert kept.take()
        assert not kept.take()


def test_what_nobody_took_is_raised_once_all_is_in_order() -> None:
    done = []

    def work() -> None:
        with held():
            interrupt()
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_fault_goes_before_it() -> None:
    def fail() -> None:
        with held():
            interrupt()
            raise EOFError

    with pytest.raises(EOFError):
        fail()


def test_in_another_thread_nothing_is_touched() -> None:
    found = []

    def look() -> None:
        with held():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


class Noted:
    """Somebody interrupts while it is let go of."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


class Broken:
    def __del__(self) -> None:
        raise ValueError("a fault")


def test_an_interrupt_that_nobody_could_be_told_of_comes_again_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(one.exc_type))
    never_lost()
    with pytest.raises(KeyboardInterrupt):
        drop(Noted(), wait=30)
    drop(Broken())
    assert told == [ValueError]


def drop(thing: object, wait: float = 0) -> None:
    del thing
    until = time.monotonic() + wait
    while time.monotonic() < until:
        time.sleep(0.01)
