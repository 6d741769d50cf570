"""One file of sound, motion or pictures -> arrays, a file a kind of data."""
