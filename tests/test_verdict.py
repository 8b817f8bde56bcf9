"""The sentences of a comparison: one for every way to end and every answer, with the better one's numbers."""

import pytest

from arena.sprt import Decision, Sprt
from arena.tournaments.verdict import Ended, Verdict

PLAYED = Verdict("anna", "bert", 0.25, 0.1, 0.4, 30, 6, 4, 20, {"finished": 40}, Ended.DECIDED, None, (1, 2, 3, 4, 10))
CLOSE = PLAYED._replace(low=-0.1, ended=Ended.LIMIT)
WON = {"counts": (0, 0, 0, 0, 20), "test": Sprt()}
EVEN = {"counts": (0, 0, 20, 0, 0), "test": Sprt(), "low": -0.1}


def sentence(verdict):
    return str(verdict).splitlines()[0]


SENTENCES = [
    # Payoffs, by the confidence sequence.
    (PLAYED, Decision.FIRST, "anna is better than bert, after 20 pairs"),
    (
        CLOSE,
        Decision.OPEN,
        "no verdict after 20 pairs between anna and bert: the interval still holds 0, play more with --pairs",
    ),
    (
        CLOSE._replace(ended=Ended.PRECISE),
        Decision.OPEN,
        "the difference between anna and bert is known as precisely as was asked, after 20 pairs",
    ),
    (
        PLAYED._replace(ended=Ended.PRECISE),
        Decision.FIRST,
        "anna is better than bert after 20 pairs, and their difference is known as precisely as was asked",
    ),
    (
        CLOSE._replace(ended=Ended.EVEN),
        Decision.OPEN,
        "anna and bert cannot be told apart: each of 20 pairs was even",
    ),
    (
        CLOSE._replace(ended=Ended.EXACT, exact=0.125),
        Decision.FIRST,
        "anna is better than bert: exactly +0.125000 per match, by the policies that they state",
    ),
    (
        CLOSE._replace(ended=Ended.EXACT, exact=0.0),
        Decision.NEITHER,
        "anna and bert are equal: exactly +0.000000 per match, by the policies that they state",
    ),
    (
        PLAYED._replace(ended=Ended.EXACT, exact=0.05),
        Decision.FIRST,
        "anna is better than bert: exactly +0.050000 per match, by the policies that they state; "
        "but the matches say otherwise: somebody plays another policy",
    ),
    (
        CLOSE._replace(ended=Ended.REPEATED),
        Decision.FIRST,
        "anna is better than bert: all 20 pairs went the same way, move for move, as more pairs would",
    ),
    (
        CLOSE._replace(ended=Ended.REPEATED, mean=0.0),
        Decision.NEITHER,
        "anna and bert are equal: all 20 pairs went the same way, move for move, as more pairs would",
    ),
    (
        PLAYED._replace(ended=Ended.INTERRUPTED, pairs=1),
        Decision.OPEN,
        "interrupted after 1 pair: no verdict yet on anna and bert",
    ),
    (
        PLAYED._replace(role="dealer", against="carl"),
        Decision.FIRST,
        "anna is better than bert as dealer against carl, after 20 pairs",
    ),
    # Winning and losing, by the test of both directions.
    (PLAYED._replace(**WON), Decision.FIRST, "SPRT: H1 accepted, anna is better than bert, after 20 pairs"),
    (
        PLAYED._replace(**EVEN),
        Decision.NEITHER,
        "SPRT: H0 accepted, anna and bert are not 100 Elo apart, after 20 pairs: a smaller --elo1 looks closer",
    ),
    (
        PLAYED._replace(test=Sprt(), ended=Ended.LIMIT),
        Decision.OPEN,
        "SPRT: undecided after 20 pairs between anna and bert: play more with --pairs",
    ),
    (
        PLAYED._replace(test=Sprt(), ended=Ended.PRECISE),
        Decision.OPEN,  # the interval excludes 0, but the test was not asked by the interval
        "the difference between anna and bert is known as precisely as was asked, after 20 pairs",
    ),
    (
        PLAYED._replace(test=Sprt(), ended=Ended.INTERRUPTED),
        Decision.OPEN,
        "interrupted after 20 pairs: no verdict yet on anna and bert",
    ),
    (
        PLAYED._replace(test=Sprt(elo1=5.0), ended=Ended.EVEN),
        Decision.OPEN,
        "anna and bert cannot be told apart: each of 20 pairs was even",
    ),
    (
        PLAYED._replace(**WON, ended=Ended.REPEATED),
        Decision.FIRST,
        "anna is better than bert: all 20 pairs went the same way, move for move, as more pairs would",
    ),
]


@pytest.mark.parametrize(("verdict", "decision", "words"), SENTENCES, ids=[words for _, _, words in SENTENCES])
def test_every_ending_has_its_sentence(verdict, decision, words):
    assert verdict.decision is decision
    assert sentence(verdict) == words


MIRRORED = {Decision.FIRST: Decision.SECOND, Decision.NEITHER: Decision.NEITHER, Decision.OPEN: Decision.OPEN}


@pytest.mark.parametrize(("verdict", "decision", "words"), SENTENCES, ids=[words for _, _, words in SENTENCES])
def test_from_the_other_side_the_same_one_is_better(verdict, decision, words):
    mirrored = verdict.mirrored()
    assert mirrored.decision is MIRRORED[decision]
    if decision is Decision.FIRST:
        assert str(mirrored) == str(verdict), "the sentence and its numbers are those of the better one"
    assert mirrored.mirrored() == verdict


def test_mirroring_exchanges_every_number():
    known = {"exact": 0.2, "results": (0.5, 0.2, 0.3)}
    mirrored = PLAYED._replace(**known, counts=(1, 2, 3, 4, 5), alpha=0.01, saved=2.0).mirrored()
    assert mirrored.results == (0.3, 0.2, 0.5)
    assert mirrored[:7] == ("bert", "anna", -0.25, -0.4, -0.1, 4, 6)
    assert (mirrored.losses, mirrored.exact, mirrored.counts) == (30, -0.2, (5, 4, 3, 2, 1))
    assert (mirrored.alpha, mirrored.saved) == (0.01, 2.0)


def test_a_one_sided_test_is_answered_about_the_first_player():
    asked = PLAYED._replace(test=Sprt(-10, 20, two_sided=False))
    better, worse = (asked._replace(counts=counts) for counts in [(0, 0, 0, 0, 99), (99, 0, 0, 0, 0)])
    assert sentence(better) == (
        "SPRT: H1 accepted, anna leads bert by +20 Elo or more rather than by -10 Elo, after 20 pairs"
    )
    assert worse.decision is Decision.NEITHER
    assert sentence(worse) == (
        "SPRT: H0 accepted, anna leads bert by -10 Elo or less rather than by +20 Elo, after 20 pairs"
    )
    lost = asked._replace(mean=-1.0, low=-1.0, high=-0.5, ended=Ended.REPEATED)
    assert lost.decision is Decision.SECOND
    assert str(lost).startswith("bert is better than anna: all 20 pairs")
    assert "\n-1.000 per match" in str(lost), "the numbers are those of the first player, whom the test is about"


def test_the_numbers():
    line = str(PLAYED).splitlines()[1]
    assert line == (
        "+0.250 per match, 95% interval [+0.100, +0.400] whenever one stops; matches won 30, drawn 6, lost 4"
    )
    line = str(PLAYED._replace(alpha=0.025, saved=3.14, stops={"finished": 38, "forfeit": 2})).splitlines()[1]
    assert "97.5% interval" in line
    assert "AIVAT took luck out, variance ÷ 3.1" in line
    assert line.endswith("lost 4, 2 forfeit")
    line = str(PLAYED._replace(results=(0.4, 0.0, 0.6))).splitlines()[1]
    assert line.endswith("matches won 30 (exactly 40.0%), drawn 6 (0.0%), lost 4 (60.0%)")
    assert "pairs won 30" in str(PLAYED._replace(role="dealer", against="carl"))
    assert str(CLOSE._replace(ended=Ended.EXACT, exact=0.1)).splitlines()[1].startswith("as played, +0.250")
    assert len(str(PLAYED).splitlines()) == 2
    assert "Ptnml(0-2) [0, 0, 0, 0, 20]" in str(PLAYED._replace(**WON)).splitlines()[2]
