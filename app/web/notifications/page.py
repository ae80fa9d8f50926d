"""The page of channels in the settings, with how an address of each service looks."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, render_template

from app.domain.notices import SAYS, Category
from app.services.notices import MOST_CHANNELS
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.notifications.api import shown

#: What people call each category.
NAMES: Final = {
    Category.FILL: "Fills",
    Category.REFUSAL: "Refusals",
    Category.BREACH: "Broken rules",
    Category.NEAR_LIMIT: "Limits that are near",
    Category.DRIFT: "Books and broker",
    Category.DISCONNECT: "Connections",
    Category.HALT: "Halts",
    Category.ALARM: "Server alarms",
}

#: What an address looks like, and where its parts come from.
EXAMPLES: Final = (
    (
        "Telegram",
        "tgram://BOT_TOKEN/CHAT_ID",
        "Make a bot with @BotFather, write to it once, and ask @userinfobot for your chat id.",
    ),
    (
        "Discord",
        "discord://WEBHOOK_ID/WEBHOOK_TOKEN",
        "Both are at the end of a webhook's address: Channel settings, Integrations, Webhooks.",
    ),
    (
        "E-mail",
        "mailtos://USER:PASSWORD@gmail.com?to=you@example.org",
        "Use an app password of your mail account, not the one that you sign in with.",
    ),
    (
        "Slack",
        "slack://TOKEN_A/TOKEN_B/TOKEN_C/#channel",
        "The three parts behind /services/ in the address of an incoming webhook.",
    ),
    (
        "ntfy",
        "ntfys://ntfy.sh/A_LONG_RANDOM_TOPIC",
        "Subscribe to the same topic in the app. Who knows the topic can read it.",
    ),
)


@guard(Guard.SESSION)
def page() -> str:
    """Show your channels, and the form for another one."""
    return render_template(
        "notifications.html",
        page="notifications",
        categories=[(each.value, NAMES[each], SAYS[each]) for each in Category],
        examples=EXAMPLES,
        boot={
            "channels": [shown(each) for each in deps().notices.all(me().id)],
            "names": {each.value: name for each, name in NAMES.items()},
            "most": MOST_CHANNELS,
        },
    )


def install_notifications_page(app: Flask) -> None:
    """Add the page."""
    routes = Blueprint("notifications", __name__)
    routes.add_url_rule("/settings/notifications", view_func=page)
    app.register_blueprint(routes)
