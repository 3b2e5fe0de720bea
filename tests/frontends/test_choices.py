"""What a menu has on show, pointed at and chosen; nothing is drawn here."""

from __future__ import annotations

from dataclasses import replace

from keyboard import MODELS, model

from freerouter.frontends.choices import Choices
from freerouter.wizard.messages import Option, Question

SMALL = Question(
    "w", "many", "?", default=["b"], options=(Option("a", "A"), Option("b", "B"), Option("c", "C"))
)
ONE = replace(MODELS, type="choice", default="m30")


def values(choices: Choices) -> list[str]:
    """The values of the rows on show."""
    return [choices.options[place].value for place in choices.shown]


def steps(choices: Choices, number: int) -> list[str]:
    return [step.name for step in choices.filters[number].steps]


def test_what_is_chosen_stands_on_top_and_the_rest_in_its_order() -> None:
    assert values(Choices(MODELS))[:5] == ["m10", "m20", "m0", "m1", "m2"]


def test_a_small_menu_keeps_its_order_and_is_not_searched() -> None:
    choices = Choices(SMALL)
    assert values(choices) == ["a", "b", "c"]
    assert not choices.searched
    assert choices.answer() == ["b"]


def test_the_answer_is_in_the_order_of_the_question() -> None:
    choices = Choices(replace(MODELS, default=["m30", "m5", "unknown"]))
    assert choices.answer() == ["m5", "m30"]


def test_what_is_not_possible_is_neither_chosen_nor_pointed_at_first() -> None:
    choices = Choices(replace(MODELS, default=["m7"], options=(model(7), *MODELS.options)))
    assert choices.answer() == []
    assert choices.pointed == 1


def test_a_choice_points_at_its_default() -> None:
    assert Choices(ONE).answer() == "m30"
    assert Choices(replace(ONE, default="unknown")).answer() == "m0"


def test_a_search_looks_at_labels_values_and_columns() -> None:
    choices = Choices(MODELS)
    choices.search_for("model-12")
    assert values(choices) == ["m12"]
    choices.search_for("qwen demo")
    assert values(choices) == ["m14", "m29"]
    choices.search_for("m39")
    assert values(choices) == ["m39"]
    choices.search_for("")
    assert len(values(choices)) == 40


def test_a_search_points_at_the_best_row() -> None:
    choices = Choices(MODELS)
    choices.leap(10)
    choices.search_for("model-3")
    assert choices.row == 0


def test_a_filter_has_the_values_of_its_column_in_their_order() -> None:
    choices = Choices(MODELS)
    assert steps(choices, 0) == ["all", "yes", "quota", "no"]
    assert steps(choices, 1) == ["all", "groq", "openrouter", "nim", "google", "demo"]


def test_a_filter_of_numbers_has_thresholds_that_make_a_difference() -> None:
    assert steps(Choices(MODELS), 2) == ["all", "≥ 32k", "≥ 128k", "≥ 200k"]
    prices = tuple(model(n, fields={"IN": str(n)}) for n in range(3))
    assert steps(Choices(Question("w", "many", "?", options=prices, filters=("IN",))), 0) == [
        "all",
        "0",
        "1",
        "2",
    ]


def test_filters_and_the_search_narrow_together_and_come_round() -> None:
    choices = Choices(MODELS)
    choices.turn(2)
    choices.turn(2)
    assert {int(v[1:]) % 4 for v in values(choices)} == {2, 3}
    choices.turn(0)
    choices.search_for("groq")
    assert {(int(v[1:]) % 3, int(v[1:]) % 5) for v in values(choices)} == {(0, 0)}
    for _ in range(3):
        choices.turn(0)
    choices.search_for("")
    assert len(values(choices)) == 20


def test_only_four_filters_have_keys() -> None:
    assert len(Choices(replace(MODELS, filters=("A", "B", "C", "D", "E"))).filters) == 4


def test_steps_go_round_and_leaps_end_at_the_ends() -> None:
    choices = Choices(SMALL)
    choices.move(-1)
    assert choices.row == 2
    choices.move(1)
    assert choices.row == 0
    choices.leap(99)
    assert choices.row == 2
    choices.leap(-99)
    assert choices.row == 0


def test_the_rows_on_show_follow_what_is_pointed_at() -> None:
    choices = Choices(MODELS)
    assert choices.visible(5) == range(5)
    choices.leap(7)
    assert choices.visible(5) == range(3, 8)
    choices.leap(-3)
    assert choices.visible(5) == range(3, 8)
    choices.leap(-2)
    assert choices.visible(5) == range(2, 7)
    choices.leap(99)
    assert choices.visible(50) == range(40)


def test_toggling_chooses_and_gives_up() -> None:
    choices = Choices(SMALL)
    choices.toggle()
    assert choices.answer() == ["a", "b"]
    choices.toggle()
    assert choices.answer() == ["b"]


def test_what_is_not_possible_says_so() -> None:
    options = (Option("x", "Moon", disabled="no air"),)
    several = Choices(Question("w", "many", "?", options=options))
    several.toggle()
    one = Choices(Question("w", "choice", "?", options=options))
    assert one.answer() is None
    assert several.message == one.message == "Moon is not possible: no air"
    assert several.answer() == []


def test_all_that_are_shown_are_chosen_or_none_of_them() -> None:
    choices = Choices(MODELS)
    choices.search_for("model-1")
    choices.toggle_all()
    expected = ["m1", "m10", "m11", "m12", "m13", "m14", "m15", "m16", "m18", "m19", "m20", "m21"]
    assert set(choices.answer() or []) >= set(expected[:10])
    assert "m17" not in (choices.answer() or [])
    choices.toggle_all()
    assert choices.answer() == ["m20"]


def test_too_few_and_too_many_are_refused() -> None:
    choices = Choices(replace(SMALL, default=[], min=1, max=2))
    assert choices.answer() is None
    assert choices.message == "Choose at least 1."
    choices.toggle_all()
    assert choices.answer() is None
    assert choices.message == "Choose at most 2."


def test_where_nothing_is_found_nothing_can_be_chosen() -> None:
    choices = Choices(ONE)
    choices.search_for("zzzz")
    choices.toggle()
    choices.move(1)
    choices.leap(3)
    assert choices.pointed is None
    assert choices.visible(5) == range(0)
    assert choices.answer() is None
    assert choices.message == "Nothing is found: type something else."
