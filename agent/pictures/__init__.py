"""Pictures that a scientist would show."""
