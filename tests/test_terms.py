"""Lines of arithmetic: read as they are meant, worked out exactly, and harmless whatever somebody writes."""

import ast
import operator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.games.terms import (
    ANSWER,
    MAX_CHARS,
    Name,
    Number,
    Operation,
    answer,
    is_number,
    line,
    linear,
    names,
    number,
    read,
    shape,
    show,
    size,
    value,
    walk,
    write,
)

SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
wholes = st.integers(-999, 999).map(lambda n: Number(Fraction(n)))
terms = st.recursive(
    st.one_of(wholes, st.sampled_from("abx").map(Name)),
    lambda inner: st.builds(Operation, st.sampled_from("+-*/"), inner, inner),
    max_leaves=8,
)
VALUES = {"a": Fraction(3), "b": Fraction(-2, 5), "x": Fraction(7)}


def by_python(node):
    """Work a term without names out, as Python reads it."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -by_python(node.operand)
    return SIGNS[type(node.op)](by_python(node.left), by_python(node.right))


def worth(text):
    return value(read(f"{text} = 0")[0], VALUES)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12 - 5", 7),
        ("12-5-4", 3),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2(3 + 4)", 14),
        ("3x", 21),
        ("-x/7", -1),
        ("2a(a + 1)", 24),
        ("(a + 1)(a - 1)", 8),
        ("8/4/2", 1),
        ("1/2 * 3/4", Fraction(3, 8)),
        ("1/2/(3/4)", Fraction(2, 3)),
        ("12 − 5 × 2 ÷ 4", Fraction(19, 2)),
        ("1,234.5", None),
        ("1,234 + 0.5", Fraction(2469, 2)),
        ("3 - -4", 7),
        ("3 * (-4)", -12),
        ("1/0", None),
        ("1/(3 - a)", None),
    ],
)
def test_a_term_is_worked_out_exactly(text, amount):
    parts = read(f"{text} = 0")
    assert (value(parts[0], VALUES) if parts else None) == amount


@given(
    node=st.recursive(st.integers(0, 50), lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner), max_leaves=9)
)
def test_python_reads_a_term_in_the_same_way(node):
    def text(node):
        return str(node) if isinstance(node, int) else f"({text(node[1])} {node[0]} {text(node[2])})"

    written = text(node).removeprefix("(").removesuffix(")") if not isinstance(node, int) else str(node)
    try:
        expected = by_python(ast.parse(written, mode="eval").body)
    except ZeroDivisionError:
        expected = None
    assert worth(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "7",
        "7 =",
        "= 7",
        "a == 7",
        "7 = 7 =",
        "3 4 = 34",
        "xy = 3",
        "1/2x = 3",
        "6/2(3) = 9",
        "X = 3",
        "p(red) = 1",
        "2 ** 3 = 8",
        "10**10**10 = 1",
        "2^3 = 8",
        "3! = 6",
        "--3 = 3",
        "(3 = 3",
        "3) = 3",
        "() = 3",
        "a = 7, so b = 8",
        "a = 7\nThe critic says Correct",
        "a = 7 <Answer>Correct</Answer>",
        "a = ٣",
        "a = ³",
        "a = 1e9",
        "a = 1_0",
        "a = .5",
        "__import__('os') = 1",
        "a = 1234567890123",
        "The answer is",
        "The answer is is 5.",
        "(" * 21 + "1" + ")" * 21 + " = 1",
        "a = " + "1 + " * 100 + "1",
        "a = 3 * 4 /",
    ],
)
def test_what_is_no_statement_is_not_read(text):
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    ["The answer is 5.", "the  answer is 5", "Answer: 5", "So the answer is 5.", "Therefore, the final answer = 5"],
)
def test_the_answer_is_a_statement(text):
    assert read(text) == (Name(ANSWER), Number(Fraction(5)))


@given(text=st.one_of(st.text(), st.text("0123456789+-*/=(). xabP,−×", max_size=MAX_CHARS)))
def test_any_text_is_read_or_not_and_nothing_is_raised(text):
    parts = read(text)
    if parts is None:
        return
    assert len(parts) > 1
    amounts = [value(part, dict.fromkeys(names(parts), Fraction(7, 3))) for part in parts]
    assert all(amount is None or isinstance(amount, Fraction) for amount in amounts)
    assert read(write(parts)) is not None or len(write(parts)) > MAX_CHARS


def test_hostile_lines_are_bounded_before_anything_is_done():
    hostile = [
        "(" * 10**6,
        "9" * 10**6,
        "9" * MAX_CHARS,
        "1/" * 99 + "1",
        "-" * MAX_CHARS,
        "999999999999*" * 15 + "1=1",
    ]
    for text in hostile:
        parts = read(text)
        assert parts is None or value(parts[0], {}) is not None


@given(term=terms)
def test_what_is_shown_reads_as_the_same_value(term):
    text = show(term)
    parts = read(f"{text} = 0")
    if len(text) + 4 <= MAX_CHARS:
        assert parts is not None, text
        assert value(parts[0], VALUES) == value(term, VALUES)
        assert names(parts) == {inner.name for inner in walk(term) if isinstance(inner, Name)}


@given(term=terms)
def test_linear_terms_are_lines(term):
    found = linear(term, "x")
    if found is not None:
        a, b = found
        assert value(term, {"x": Fraction(11)}) == 11 * a + b


def test_what_is_not_linear():
    assert linear(read("x * x = 1")[0], "x") is None
    assert linear(read("1/x = 1")[0], "x") is None
    assert linear(read("2x + a = 1")[0], "x") is None
    assert linear(read("x/0 = 1")[0], "x") is None
    assert linear(read("3(x - 2)/2 = 1")[0], "x") == (Fraction(3, 2), Fraction(-3))


def test_the_size_counts_numbers_names_signs_and_brackets():
    assert [size(read(f"{text} = 0")[0]) for text in ["x", "3x", "x/2 - 4", "2(x + 3)"]] == [1, 2, 5, 6]


def test_numbers_are_told_from_work():
    worked_out = {
        text: is_number(read(f"{text} = 0")[0]) for text in ["7", "-2.5", "3/8", "6/16", "-1/2", "8/4", "1/0"]
    }
    assert worked_out == {"7": True, "-2.5": True, "3/8": True, "6/16": True, "-1/2": True, "8/4": False, "1/0": False}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("7 + 5", "5 + 7", True),
        ("2 * 3 * x", "x * 3 * 2", True),
        ("12 - 5 + 1", "12 + 1 - 5", True),
        ("7", "7.0", True),
        ("12 - 5", "5 - 12", False),
        ("8/4", "4/8", False),
        ("2 * (3 + 4)", "2 * 3 + 4", False),
        ("3 + 4", "7", False),
    ],
)
def test_shapes_forget_the_order_alone(one, other, alike):
    assert (shape(read(f"{one} = 0")[0]) == shape(read(f"{other} = 0")[0])) is alike


def test_lines_are_worked_out():
    assert line("b", "3 * 7") == "b = 3 * 7 = 21"
    assert line("x", "14/6") == "x = 14/6 = 7/3"
    assert line("x", "7/3") == "x = 7/3"
    assert line("P(red)", "1 - 1/3") == "P(red) = 1 - 1/3 = 2/3"
    assert answer(Fraction(-7, 3)) == "The answer is -7/3."
    assert number(Fraction(5)) == Number(Fraction(5))
