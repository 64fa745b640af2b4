"""The API desk: `door` answers the gateway's own connector, `pushing` takes what a party's callers ask for."""
