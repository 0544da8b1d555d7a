"""Loop C: the set-up is readjusted from what was just seen, and the sample measured again."""
