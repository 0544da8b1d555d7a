"""What is remembered: the decision log."""
