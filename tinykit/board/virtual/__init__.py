"""The virtual board: a Cortex-M4F in software, its toolchain and its devices."""
