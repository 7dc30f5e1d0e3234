"""What waits to be published, and who may publish it."""
