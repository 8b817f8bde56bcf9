"""What the referee bears if nobody says otherwise is what a file without a word about it says."""

from arena.config.tournament_file import PatienceConfig
from arena.fixture import Fixture, Patience


def test_files_and_programs_start_from_the_same_patience() -> None:
    assert PatienceConfig().model_dump().items() <= vars(Patience()).items()


def test_fixtures_are_values() -> None:
    one = Fixture("key", "play", ("a", "b"), 7, "pair")
    assert one == Fixture("key", "play", ("a", "b"), 7, "pair", step=0)
    assert len({one, one._replace(), one._replace(step=1)}) == 2
