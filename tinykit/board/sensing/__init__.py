"""What sensing and the front end take of a board, a file a kind of data."""
