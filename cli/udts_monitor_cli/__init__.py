"""`udts-monitor`: looks at a deployed stack, and asks its function for what is to be written."""
