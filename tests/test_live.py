import io

from rich.console import Console

from arena.live import Live


def test_a_pipe_gets_plain_lines_now_and_then_and_always_the_last():
    console = Console(file=io.StringIO(), width=100)
    with Live(console) as live:
        for done in range(1, 1001):
            live.show("matches", done, 1000, "matches")
        live.say("main-10 rated")
    lines = console.file.getvalue().splitlines()
    assert lines[-1] == "main-10 rated"
    assert lines[-2].startswith("matches: 1,000 of 1,000 matches, ")
    assert len(lines) < 10
    assert "\x1b" not in console.file.getvalue()


def test_a_terminal_gets_bars_with_a_rate():
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with Live(console) as live:
        for done in range(1, 51):
            live.show("training", done, 50, "updates", "entropy 0.5")
        live.show("rating", 7, None, "matches")
    shown = console.file.getvalue()
    assert "50/50" in shown
    assert "updates/s" in shown
    assert "entropy 0.5" in shown


def test_text_of_players_is_not_markup():
    console = Console(file=io.StringIO(), width=100)
    with Live(console) as live:
        live.say("[bold]name[/bold] rated")
        live.show("[x]", 1, 1, "matches", "[note]")
    assert "[bold]name[/bold] rated" in console.file.getvalue()
    assert "[x]: 1 of 1" in console.file.getvalue()


def test_a_terminal_gets_the_current_table_now_and_then(monkeypatch):
    monkeypatch.setattr("arena.live._TABLE_SECONDS", 0.0)
    made = []

    def table():
        made.append(f"the table, number {len(made)}")
        return made[-1]

    console = Console(file=io.StringIO(), width=100, force_terminal=True, highlight=False)
    with Live(console, table) as live:
        for done in range(20):
            live.show("matches", done, 20, "matches")
        live._screen.refresh()
    assert len(made) >= 1
    assert made[-1] in console.file.getvalue()

    pipe = Console(file=io.StringIO(), width=100)
    asked = len(made)
    with Live(pipe, table) as live:
        live.show("matches", 1, 20, "matches")
    assert len(made) == asked
