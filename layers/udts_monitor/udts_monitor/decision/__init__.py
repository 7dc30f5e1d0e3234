"""What an answer means: pure functions over plain data."""
