"""What decides: the loop, the command line, and the wiring."""
