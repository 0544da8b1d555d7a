"""How each goal is pursued: one file each, found by the name of the goal."""
