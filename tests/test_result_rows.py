import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.tournaments.result_rows import Layout, Row, guarded, read

PLAIN = Layout.of("first,second,score,pair,step\n", "x.csv")


def only(line, header="first,second,score", low=-1.0, high=1.0):
    ((number, text, row),) = read([line + "\n"], Layout.of(header, "x.csv"), low, high)
    assert (number, text) == (2, line.rstrip("\r\n"))
    return row


def test_columns_stand_anywhere_and_strange_ones_are_passed_over():
    layout = Layout.of('\ufeffdate;Second;"winner";FIRST\r\n', "x.csv")
    ((_, _, row),) = read(["1 May;ann;bob;bob\r\n"], layout, -1, 1)
    assert row == Row("bob", "ann", 1.0)


@pytest.mark.parametrize(
    ("kind", "text", "payoff"),
    [
        ("score", "1", 1),
        ("score", "0.5", 0),
        ("score", "1/2", 0),
        ("score", " 0 ", -1),
        ("winner", "a", 1),
        ("winner", "b", -1),
        ("winner", "Draw", 0),
        ("payoff", "-0.25", -0.25),
        ("payoff", "1e-3", 0.001),
    ],
)
def test_outcomes_from_the_side_of_the_first(kind, text, payoff):
    assert only(f"a,b,{text}", f"first,second,{kind}") == Row("a", "b", payoff)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("a,b", "it has 2 columns where the first line has 3"),
        ("a,b,1,", "it has 4 columns"),
        ("a,a,1", "'a' plays against itself"),
        (",b,1", "the name '' will not do"),
        ("a|c,b,1", "the name 'a|c' will not do"),
        ("a\udcff,b,1", "it is no UTF-8 text: save the file as UTF-8"),
        ("a\x00,b,1", "will not do"),
        ("x" * 101 + ",b,1", "will not do"),
        ("a,b,7", "the score '7' is none of 1, 0.5 and 0"),
        ("a,b,", "the score '' is none of"),
        ('"a,b,1', "unexpected end of data"),
    ],
)
def test_what_is_wrong_is_said(line, wrong):
    assert wrong in only(line)


@pytest.mark.parametrize(
    ("header", "line", "wrong"),
    [
        ("first,second,winner", "a,b,c", "the winner 'c' is neither 'a' nor 'b' nor draw"),
        ("first,second,payoff", "a,b,much", "the payoff 'much' is no number"),
        ("first,second,payoff", "a,b,nan", "is not finite"),
        ("first,second,payoff", "a,b,2", "the payoff 2 is not between -1 and 1"),
        ("first,second,payoff", "a,b,1e-320", "the payoff '1e-320' is beyond all measure: 0, or from 1e-09 to 1e+15"),
        ("first,second,payoff", "a,b,1e308", "the payoff '1e308' is beyond all measure"),
        ("first,second,score,pair", "a,b,1,\0", "the pair '\\x00' will not do"),
        ("first,second,score,pair", "a,b,1," + "x" * 1001, "will not do: up to 1000 printable characters"),
        ("first,second,score,step", "a,b,1,-2", "the step '-2' is no whole number"),
        ("first,second,score,step", "a,b,1,½", "is no whole number"),
    ],
)
def test_what_is_wrong_in_other_columns_is_said(header, line, wrong):
    assert wrong in only(line, header)


def test_pair_and_step_may_stay_empty():
    rows = [row for _, _, row in read(["a,b,1,x,3\n", "b,a,0,x,\n", "a,b,1,,\n"], PLAIN, -1, 1)]
    assert rows == [Row("a", "b", 1, "x", 3), Row("b", "a", -1, "x", 0), Row("a", "b", 1)]


def test_empty_lines_are_passed_over_and_an_open_quote_spoils_one_line_only():
    lines = ["a,b,1,,\n", "\n", '"a,b,1,,\n', '"c, d",b,0,,\n']
    found = list(read(lines, PLAIN, -1, 1))
    assert [number for number, _, _ in found] == [2, 4, 5]
    assert isinstance(found[1][2], str)
    assert found[2][2] == Row("c, d", "b", -1)


@pytest.mark.parametrize(
    "header", ["", "a,b,1", "first,second", "first,second,score,winner", "first,first,second,score", "second,score"]
)
def test_a_first_line_that_will_not_do_is_one_sentence(header):
    with pytest.raises(ConfigError, match=r"x\.csv: its first line should name the columns first, second and one of"):
        Layout.of(header, "x.csv")


def test_a_last_line_without_an_end_is_not_read_nor_what_comes_after_it():
    found = list(read(["a,b,1,,\n", "b,a,0", ".5,,\n", "a,b,1,,\n"], PLAIN, -1, 1))
    assert found[0][2] == Row("a", "b", 1)
    assert found[1:] == [(3, "b,a,0", found[1][2])]
    assert "the last line has no end yet" in found[1][2]
    assert list(read(["a,b,1,,\n", "  "], PLAIN, -1, 1)) == found[:1]


@given(st.text().filter(lambda name: name == name.strip()))
@example("=1+1")
@example("'=1+1")
@example("''-")
def test_what_is_written_for_a_spreadsheet_is_read_as_it_was(name):
    assert guarded(name)[:1] not in ("=", "+", "-", "@")
    text = guarded(name).replace('"', '""')
    ((_, _, row),) = read([f'"{text}",b,1,"{text}",\n'], PLAIN, -1, 1)
    assert isinstance(row, str) or (row.first, row.pair) == (name, name)


def test_names_that_a_spreadsheet_would_run():
    assert guarded("=1+1") == "'=1+1"
    assert guarded("'@x") == "''@x"
    assert guarded("O'Hara") == "O'Hara"
    assert only("'=1+1,-b,'=1+1", "first,second,winner") == only("=1+1,-b,=1+1", "first,second,winner")
    assert only("'=1+1,b,1") == Row("=1+1", "b", 1)
    assert only("'tis,b,1") == Row("'tis", "b", 1)


def test_old_line_ends_are_named():
    with pytest.raises(ConfigError, match=r"x\.csv ends its lines in CR alone, as old Macs did"):
        Layout.of("first,second,score\ra,b,1\r", "x.csv")


@given(st.lists(st.text()))
def test_no_line_stops_the_reading(lines):
    lines = [line.replace("\n", " ") + "\n" for line in lines]
    found = list(read(lines, PLAIN, -1, 1))
    assert len(found) == sum(bool(line.rstrip("\r\n").strip()) for line in lines)
    assert all(isinstance(row, Row | str) for _, _, row in found)
