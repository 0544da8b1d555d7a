"""Curves smoothed with a band, alone or with what their neighbours show."""
