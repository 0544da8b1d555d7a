"""What acts: ophyd devices and Bluesky plans."""
