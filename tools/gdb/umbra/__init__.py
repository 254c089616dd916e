"""What the gdb commands are made of, a file for each part of the kernel."""
