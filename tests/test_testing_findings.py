"""Findings: once each, with the place where they were seen first."""

import pytest

from arena.testing.findings import Broken, Findings, Severity, short


def test_a_promise_is_kept_once_with_its_first_place_and_how_often():
    findings = Findings()
    with findings.at(["a", "b"]):
        findings.error("sum", "it is 1", "make it 0")
    findings.error("sum", "it is 2", "make it 0")
    (finding,) = findings.sorted()
    assert (finding.seen, finding.moves, finding.times) == ("it is 1", ("a", "b"), 2)
    assert str(finding) == "it is 1; on the moves ['a', 'b'] (and 1 times more); make it 0"
    assert "sum" in findings


def test_errors_come_first():
    findings = Findings()
    findings.note("c", "", "")
    findings.warning("b", "", "")
    findings.error("a", "", "")
    assert [finding.severity for finding in findings.sorted()] == list(Severity)


def test_the_place_is_that_of_the_moment():
    findings, moves = Findings(), ["a"]
    findings.moves = moves
    findings.error("x", "", "")
    moves.append("b")
    findings.error("y", "", "")
    assert [finding.moves for finding in findings.sorted()] == [("a",), ("a", "b")]


def test_a_part_that_cannot_go_on_is_a_finding_unless_one_is_written_already():
    findings = Findings()
    with findings.attempt("counting"):
        raise Broken
    assert findings.sorted() == ()
    with findings.attempt("counting"):
        raise ValueError("no number")
    assert findings.sorted()[0].seen == "counting cannot go on: ValueError('no number')"
    with pytest.raises(KeyboardInterrupt), findings.attempt("counting"):
        raise KeyboardInterrupt


def test_long_values_are_cut_in_the_middle():
    assert short("x") == "'x'"
    assert len(short("x" * 1000)) < 200
    assert short("a" + "x" * 1000 + "b").startswith("'a")
    assert short("a" + "x" * 1000 + "b").endswith("b'")
