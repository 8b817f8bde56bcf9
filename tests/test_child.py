"""The judging program, as a real process: what it says of answers, and that it ends by itself when it must."""

import json
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

TOWER = r"\frac{5^{\left(5^{\left(5^{\left(5^5\right)}\right)} - 4\right)} - 5}{16}"
"""math-verify calculates for ever at this, whatever its own timeouts say (its issue 65, 2025)."""

needs_math_verify = pytest.mark.skipif(find_spec("math_verify") is None, reason="needs math-verify")


def child(kind, *pairs, seconds=60):
    """Return what a child says of these pairs, and its exit code."""
    command = [sys.executable, "-m", "arena.grading.child", kind, str(seconds)]
    asked = "".join(json.dumps(pair) + "\n" for pair in pairs)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_exact_rules_know_numbers_and_words():
    pairs = [("3/4", "0.75"), ("3/4", "0.7501"), ("Paris", "paris"), (r"2\sqrt{2}", r"\sqrt{8}")]
    assert child("exact", *pairs) == ([True, False, True, False], 0)


def test_what_a_library_prints_is_no_verdict():
    noisy = "import arena.grading.child as c; c.same = lambda a, b: print('noise') or a == b; c.main('exact', '60')"
    asked = '["1", "1"]\n["1", "2"]\n'
    done = subprocess.run([sys.executable, "-c", noisy], input=asked, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("true\nfalse\n", "noise\nnoise\n")


RIGHT = [
    ("3/4", r"\frac{3}{4}"),
    ("1/2", r"$\frac{1}{2}$"),
    ("1/3", "0.333333"),
    (r"2\sqrt{2}", r"\sqrt{8}"),
    ("x+1", "1+x"),
    ("5", "x=5"),
    ("42", "So the answer is 42."),
    ("42", r"We find \boxed{42}"),
    ("1,234", "1234"),
    (r"\{1,2\}", "2, 1"),
    ("1 3/4", "1.75"),
    ("Paris", "paris."),
    ("4", "2^{2}"),
    ("42", "a long story without a number. " * 200 + "It is 42."),
]
WRONG = [
    ("3/4", "4/3"),
    ("1/3", "0.33"),
    ("Paris", "pairs"),
    ("a silent night", "a listen night"),
    ("42", r"\boxed{42} or \boxed{43}"),
    ("42", ""),
    ("42", "I do not know"),
    ("2", "2^{10}"),
    ("42", "(((("),
    ("42", "42" + ", and more words" * 100),
]


@needs_math_verify
def test_math_verify_knows_terms_and_takes_no_word_for_a_product():
    right, code = child("math-verify", *RIGHT, *WRONG)
    assert dict(zip([*RIGHT, *WRONG], right, strict=True)) == {
        **dict.fromkeys(RIGHT, True),
        **dict.fromkeys(WRONG, False),
    }
    assert code == 0


@needs_math_verify
def test_without_a_parent_an_alarm_ends_what_would_calculate_for_ever():
    said, code = child("math-verify", ("1", "1"), ("1", TOWER), ("1", "1"), seconds=1)
    assert said == [True]
    assert code == -signal.SIGALRM
