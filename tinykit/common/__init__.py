"""What every stage may use; knows nothing of any of them."""
