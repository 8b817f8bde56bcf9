"""Programs that nobody has read, such as those of models, run where they can harm nobody: in a child behind walls."""
