"""What one technique lesson alone needs, a file a lesson."""
