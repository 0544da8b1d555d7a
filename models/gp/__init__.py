"""The Gaussian process: what is believed between the measurements."""
