"""How wide a band is that is to hold so much."""

Z_95 = 1.959964
"""Half-width of a band that holds 95 % of a normal distribution, in standard deviations."""
