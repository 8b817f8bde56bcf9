"""Answers that are one number or the same words, by exact rules."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.grading.exact import normal, same

fractions = st.fractions(max_denominator=10_000)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("42", 42),
        (" 42. ", 42),
        ("+7", 7),
        ("-3.50", Fraction(-7, 2)),
        ("−3", -3),
        (".5", Fraction(1, 2)),
        ("1,234,567", 1234567),
        ("-1,234.5", Fraction(-2469, 2)),
        ("1.5e3", 1500),
        ("6/8", Fraction(3, 4)),
        ("- 3/4", None),
        ("-3 / 4", Fraction(-3, 4)),
        ("1 3/4", Fraction(7, 4)),
        ("-1 3/4", Fraction(-7, 4)),
        ("50%", Fraction(1, 2)),
        (r"12.5\%", Fraction(1, 8)),
        ("$5", 5),
        ("$5$", 5),
        (r"\frac{3}{4}", Fraction(3, 4)),
        (r"$-\dfrac{3}{4}$", Fraction(-3, 4)),
        (r"\frac{-3}{4}", Fraction(-3, 4)),
        (r"\boxed{\(17\)}.", 17),
        (r"\text{12}", 12),
    ],
)
def test_numbers_are_read_exactly(answer, number):
    assert normal(answer) == (answer if number is None else number)


@pytest.mark.parametrize(
    "text", ["1/0", "1 2/0", r"\frac{1}{0}", "1,23", "12,34", "x", "1/2/3", "--1", "٣", "nan", "inf"]
)
def test_what_is_no_number_is_taken_as_words(text):
    assert normal(text) == text


@pytest.mark.parametrize(
    ("first", "second"),
    [("Paris", " paris. "), (r"\text{New  York}", "new york"), ("0.75", "3/4"), ("(1, 2)", "(1,  2)"), ("ẞ", "ss")],
)
def test_the_same(first, second):
    assert same(first, second)
    assert same(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [("1/3", "0.333333"), ("50", "50%"), ("Paris", "pairs"), ("1", "one"), ("", "0"), ("a b", "ab"), ("-1", "1")],
)
def test_not_the_same(first, second):
    assert not same(first, second)


@given(number=fractions, other=fractions)
def test_fractions_are_equal_when_their_values_are(number, other):
    assert same(str(number), str(other)) is (number == other)
    assert normal(rf"$\frac{{{number.numerator}}}{{{number.denominator}}}$") == number


@pytest.mark.parametrize("hostile", ["9" * 100_000, "1e999999999", "$" * 10_001, r"\boxed{" * 3000, "1/" + "3" * 5000])
def test_hostile_text_is_only_text(hostile):
    assert isinstance(normal(hostile), str)
    assert not same(hostile, "1")


@given(text=st.text())
def test_any_text_equals_itself(text):
    assert same(text, text)
