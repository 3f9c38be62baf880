"""One file per protocol: bytes from a client become wire events, or a BadInput that says where they are wrong."""
