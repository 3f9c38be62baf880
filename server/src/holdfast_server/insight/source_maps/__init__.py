"""Source maps, pure: which files a frame could belong to, what a map says about a position, what an upload holds."""
