"""Models trained for longer than a lesson has time for, and the scripts that trained them."""
