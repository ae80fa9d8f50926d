"""Alpaca: stocks and crypto pairs, paper and live."""
