"""Engines on the other side of a connection: anything that speaks the protocol of OpenAI's servers."""
