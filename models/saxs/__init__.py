"""From frame to curve to features."""
