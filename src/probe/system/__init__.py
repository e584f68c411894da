"""What differs between operating systems, one small module for each kind of difference; docs/platforms.md."""
