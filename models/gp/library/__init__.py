"""Parts written for GPyTorch and BoTorch: one's own kernel, one's own acquisition. Only they load torch."""
