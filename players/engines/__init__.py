"""Language model engines: whatever turns a prompt into a reply, behind the one protocol of `engine.py`."""
