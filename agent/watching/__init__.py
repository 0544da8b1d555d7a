"""Watch a folder: reduce frames as they land, and remember what was done."""
