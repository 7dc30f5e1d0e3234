"""Entry point of the scheduled run: wiring only."""
