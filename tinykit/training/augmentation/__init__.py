"""Ever new variations of the training examples, a file a kind of data."""
