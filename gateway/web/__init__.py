"""The server-rendered door: pages that need no JavaScript and load nothing from anywhere."""
