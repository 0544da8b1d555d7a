"""One file, one family of features. A file here is an extractor's name; it holds `EXTRACTOR`."""
