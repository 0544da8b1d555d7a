"""From a wanted composition, and what is on the deck, to volumes to dispense."""
