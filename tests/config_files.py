"""What the tests of configuration files share: the shortest good one of each kind, and a place to write one."""

TOURNAMENT = 'game = "kuhn_poker"\n[entrants]\na = "uniform"\nb = "uniform"\n'
LEAGUE = 'game = "kuhn_poker"\n[training]\nupdates = 10\n'


def written(folder, text):
    """Return a file with this text."""
    file = folder / "config.toml"
    file.write_text(text)
    return file
