"""Who carries notices to Telegram, Discord, e-mail and the rest: apprise, in a process beside."""

from app.notifiers.courier import COMMAND, Courier

__all__ = ["COMMAND", "Courier"]
