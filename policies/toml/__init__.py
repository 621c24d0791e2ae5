"""The TOML form of a building and its policy: tables, with the line of everything that is wrong in them."""
