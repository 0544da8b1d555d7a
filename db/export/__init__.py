"""Exports: the record in forms that spreadsheets, programs, analysts and archives read."""
