"""Ways to choose the next point; one file each."""
