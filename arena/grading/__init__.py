"""Whether an answer is right: exact rules that are safe anywhere, and a computer algebra system in a child process."""
