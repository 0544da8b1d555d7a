"""One revision a file. They add tables, and columns that may be NULL, so that older hashes stay valid."""
