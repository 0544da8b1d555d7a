"""What a measurement is worth: one file for each notion of it."""
