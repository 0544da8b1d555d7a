"""The words that every room shares. Loads neither torch nor bluesky."""
