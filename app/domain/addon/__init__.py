"""What a platform's add-on tells, purely: its messages, their order, and its machine's clock.

messages (what was told), reading (from JSON, each fault with its field), stream (which message is
next, late, known or from elsewhere), clocks (how far the add-on's clock is off), records (what is
kept), keeping (how it is written).
"""
