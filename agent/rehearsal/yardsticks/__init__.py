"""How near a rehearsed campaign came, goal by goal; the same for all strategies, and by the truth."""
