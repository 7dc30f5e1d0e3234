"""`make run`: the whole monitor on this machine, played through and judged."""
