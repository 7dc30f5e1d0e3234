"""What the table says, as people and programs ask for it."""
