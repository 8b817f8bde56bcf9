"""What a server's refusals mean, in one sentence, and whether to ask again."""

from email.utils import formatdate
from time import time
from typing import Any

import pytest
from openai import APIStatusError

from arena.players.engines.http.failures import Failed, _transport, clean, explain, reported
from arena.players.engines.http.key import Key


def refused(status: int, body: Any = None, **headers: str) -> Failed:
    request = _transport.Request("POST", "http://127.0.0.1/v1/chat/completions")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = _transport.Response(status, headers=named, request=request)
    return explain(APIStatusError("no", response=response, body=body), Key())


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_what_passes_is_tried_again(status: int) -> None:
    assert refused(status).again
    assert refused(status).status == status


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_the_user_must_mend_is_not(status: int) -> None:
    assert not refused(status).again


@pytest.mark.parametrize(
    "body",
    [
        {"message": "slow down."},
        {"error": {"message": "slow\n  down"}},
        {"error": "slow down"},
        {"detail": "slow down"},
        "slow down",
    ],
)
def test_the_servers_words_are_found(body: Any) -> None:
    assert str(refused(429, body)) == "answers 429: slow down"


@pytest.mark.parametrize(
    "body", [None, [], {"message": 3}, "<html><h1>Bad Gateway</h1></html>", {"detail": [{"loc": []}]}]
)
def test_without_words_the_status_speaks(body: Any) -> None:
    assert str(refused(502, body)) == "answers 502: Bad Gateway"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("2", 2.0),
        ("0.25", 0.25),
        ("-3", 0.0),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("9" * 500, None),
    ],
)
def test_retry_after_in_seconds(header: str, wait: float | None) -> None:
    assert refused(429, Retry_After=header).wait == wait


def test_retry_after_as_a_date() -> None:
    assert refused(429, Retry_After=formatdate(time() + 10, usegmt=True)).wait == pytest.approx(10, abs=2)
    assert refused(429, Retry_After=formatdate(time() - 10, usegmt=True)).wait == 0.0
    assert refused(429, Retry_After="Sat, 01 Jan 99999 00:00:00 GMT").wait is None


@pytest.mark.parametrize(
    ("error", "says", "again"),
    [
        ({"message": "too busy", "code": 429}, "answers 429: too busy", True),
        ({"message": "no such model", "code": "404"}, "answers 404: no such model", False),
        ({"message": "it broke", "code": "internal"}, "answers 500: it broke", True),
        ("it broke", "answers 500: it broke", True),
        ({"code": True}, "answers 500", True),
        ([3], "answers 500", True),
    ],
)
def test_errors_in_the_place_of_an_answer(error: Any, says: str, again: bool) -> None:
    failed = reported(error, Key())
    assert (str(failed), failed.again) == (says, again)


def test_foreign_words_fit_one_line_and_hold_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    assert clean("a\x1b[31m\nb\u202e  c.", Key()) == "a[31m b c"
    said = clean("x" * 195 + "sk-0123456789" + "y" * 300, Key())
    assert len(said) == 201
    assert "sk-" not in said
    assert clean("s\x00k-01\u200b23456789", Key()) == "***"
