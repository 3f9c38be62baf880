"""What every page is made of: the template environment, the values it shows, and the macros beside them (README.md)."""
