"""Fuzzy search: what is found, in which order, and which letters are made visible."""

from __future__ import annotations

import pytest

from freerouter.matching import Index, positions, rank, words

MODELS = (
    "meta-llama/llama-3.3-70b-instruct:free",
    "meta-llama/llama-4-scout",
    "qwen/qwen3-coder:free",
    "deepseek/deepseek-r1:free",
    "openai/gpt-4o-mini",
    "openai/gpt-4o",
)


def found(query: str, texts: tuple[str, ...] = MODELS) -> list[str]:
    return [texts[place] for place in rank(query, texts)]


def marked(query: str, text: str) -> str:
    """The text with the letters that were found in brackets."""
    places = set(positions(query, text))
    return "".join(f"[{c}]" if i in places else c for i, c in enumerate(text)).replace("][", "")


@pytest.mark.parametrize("query", ["", "   ", '""'])
def test_nothing_asked_is_everything_in_its_order(query: str) -> None:
    assert found(query) == list(MODELS)


def test_letters_in_order_are_enough() -> None:
    assert found("qcf") == ["qwen/qwen3-coder:free"]
    assert found("ll70") == ["meta-llama/llama-3.3-70b-instruct:free"]
    assert found("zz") == []


def test_the_case_does_not_matter() -> None:
    assert found("LLAMA-4") == ["meta-llama/llama-4-scout"]
    assert found("grok", ("xAI/GROK",)) == ["xAI/GROK"]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("st", ("status", "my-start", "list")),
        ("gpt4o", ("gpt4o", "new-gpt4o", "gpt-4o", "mygpt4o", "g-p-t-4-ohm", "gapat4xo")),
        ("r1", ("r1", "deepseek-r1", "tutor1", "rx1")),
        ("mini", ("mini", "mini-2", "minimax", "a-mini")),
    ],
)
def test_better_is_what_begins_what_stands_together_and_what_comes_early(
    query: str, order: tuple[str, ...]
) -> None:
    assert found(query, order[::-1]) == list(order)


def test_the_whole_name_comes_before_a_longer_one() -> None:
    assert found("gpt-4o")[0] == "openai/gpt-4o"


def test_equals_stay_in_their_order() -> None:
    assert rank("model", ["model-b", "model-a", "model-c"]) == [0, 1, 2]


def test_every_word_has_to_be_found_in_any_order() -> None:
    assert found("free qwen") == found("qwen free") == ["qwen/qwen3-coder:free"]
    assert found("qwen mini") == []


def test_a_quoted_part_is_one_word() -> None:
    texts = ("very good model", "good and very bad")
    assert found('"very good"', texts) == ["very good model"]
    assert found("very good", texts) == list(texts)
    assert words('a "b c" d "e f') == ["a", "b c", "d", "e f"]


def test_letters_are_not_collected_across_lines() -> None:
    assert found("lg", ("llama\ngroq",)) == []
    assert found("llama groq", ("llama\ngroq",)) == ["llama\ngroq"]
    assert found("gq", ("llama\ngroq",)) == ["llama\ngroq"]


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("lla", "meta-llama", "meta-[lla]ma"),
        ("ama", "drama/ama", "drama/[ama]"),
        ("ll70", MODELS[0], "meta-[ll]ama/llama-3.3-[70]b-instruct:free"),
        ("gpt4o", "openai/gpt-4o", "openai/[gpt]-[4o]"),
        ("GM", "google/gemma", "google/[g]e[m]ma"),
        ("ab", "xaxab", "xax[ab]"),
        ("adf", "abc-def", "[a]bc-[d]e[f]"),
        ("cd ab", "ab-cd", "[ab]-[cd]"),
        ("zz", "meta-llama", "meta-llama"),
        ("ab zz", "ab", "ab"),
        ("", "ab", "ab"),
        ("gq", "llama\ngroq", "llama\n[g]ro[q]"),
    ],
)
def test_the_letters_that_were_found_are_known(query: str, text: str, shown: str) -> None:
    assert marked(query, text) == shown


def test_letters_that_change_their_number_when_small_stay_in_place() -> None:
    assert marked("b", "İİb") == "İİ[b]"


@pytest.mark.parametrize("query", ["[", "a.c", "^", "\\", "(x", "-"])
def test_signs_are_only_signs(query: str) -> None:
    assert found(query, ("a[.^\\(x-c", "abc")) == ["a[.^\\(x-c"]


def test_the_worst_text_is_searched_to_its_end() -> None:
    texts = ["a-" * 200 + "x", "a" * 400] * 50
    assert rank("aaaaaaaab", texts) == []
    assert len(rank("aaaaaaaax", texts)) == 50


def test_weights_tell_equals_apart_and_nothing_else() -> None:
    texts = ["model-a", "model-b", "a-model", "model-c"]
    assert Index(texts, [2, 1, 0, 1]).find("model") == [1, 3, 0, 2]
    assert Index(texts, [2, 1, 0, 1]).find("") == [2, 1, 3, 0]


def test_capitals_that_are_typed_are_looked_for() -> None:
    texts = ("deepseek-r1", "DeepSeek-R1")
    assert found("R1", texts) == ["DeepSeek-R1", "deepseek-r1"]
    assert found("r1", texts) == list(texts)


def test_the_best_are_the_same_where_no_more_are_wanted() -> None:
    texts = [f"{model}-{number}" for number in range(40) for model in MODELS]
    index = Index(texts)
    for query in ("l", "ll", "ll7", "gpt4o", "4", "mini", "seek", "qcf", "free qwen", "G"):
        assert index.find(query, 5) == rank(query, texts)[:5]


def test_scattered_letters_are_not_close() -> None:
    texts = ["a-b", "xaxbx", "ab", "a-b c"]
    assert rank("ab", texts) == [2, 0, 3, 1]
    assert rank("ab", texts, close=True) == [2, 0, 3]
    assert rank("ab c", texts, close=True) == [3]


def test_going_back_in_a_query_finds_more_again() -> None:
    index = Index(MODELS)
    before = index.find("qwen")
    assert index.find("qwenx") == []
    assert index.find("qwen") == before == rank("qwen", MODELS)
