"""What is wrong with a frame: each rule a small named check, all made before a model may learn from it."""
