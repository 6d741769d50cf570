"""Own data from a board on a serial port."""
