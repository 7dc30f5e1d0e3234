"""What the table says, as pages, pictures and feeds: static, without a script, every text escaped."""
