"""The commands of `nightbeam`, one a file."""
