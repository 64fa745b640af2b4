"""The API desk: what the gateway's own connector asks `flows.in_house` answers, `pushing` takes what a party's callers ask for."""
