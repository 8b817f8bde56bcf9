"""The key comes from the environment and goes nowhere else."""

import pytest

from arena.errors import ConfigError
from arena.players.engines.http.key import Key

SECRET = "sk-or-v1-0123456789"


def test_it_is_read_from_the_named_variable_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", f" {SECRET}\n")
    key = Key("OPENROUTER_API_KEY")
    assert key.reveal() == SECRET
    assert repr(key) == str(key) == "Key('OPENROUTER_API_KEY')"
    assert key.hide(f"<{SECRET}>{SECRET}") == "<***>***"


def test_without_a_name_it_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert not Key()
    assert Key().hide("nothing to hide") == "nothing to hide"
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert Key()
    assert Key().hide("none of it") == "none of it"  # a word that local servers take is no secret


def test_a_named_variable_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        Key("MY_KEY")


def test_a_key_in_the_place_of_a_name_is_not_repeated() -> None:
    for given in (SECRET, "gsk_0123456789abc"):
        with pytest.raises(ConfigError, match="environment variable") as refused:
            Key(given)
        assert given not in str(refused.value)


@pytest.mark.parametrize("value", ["two words", "schlüssel-0123456", "a\nb"])
def test_what_no_header_can_hold_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match="strange letters") as refused:
        Key("MY_KEY")
    assert value not in str(refused.value)
