"""The way to one address: names, denied networks, proxy, TLS and the bytes on the line."""
