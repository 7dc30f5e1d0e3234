"""One run: gather, decide, save, publish."""
