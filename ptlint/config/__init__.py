"""The configuration: what may stand in ``.ptlint.toml``, and what is in force."""
