"""What people and programs are told, in words and formats."""
