"""The demo: strategies on a made-up market, and a sender that alerts them as TradingView would."""
