"""Formats and reports, and ready-to-run TOML files with their command on the first line."""

if __name__ == "tournaments":
    raise ImportError("this folder is the package arena.tournaments: import that name")
