"""Business time counted a second way: every minute marked open or shut by the clock on the wall, then summed. Shares no code
with `gateway.domain.worktime`."""
