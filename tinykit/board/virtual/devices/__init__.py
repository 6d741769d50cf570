"""What is around the virtual board's processor, a file a device."""
