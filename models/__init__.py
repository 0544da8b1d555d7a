"""What Nightbeam knows: the words, the scattering, the Gaussian process."""
