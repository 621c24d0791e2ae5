"""The page Building now, its streams and the sign-in pages: they draw what others know, and decide nothing."""
