"""One account, all that is known of it: its numbers, what is told of it, its lists."""
