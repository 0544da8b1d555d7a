"""Strategies tried out beforehand, on a twin, on measured curves or on what a finished night taught."""
