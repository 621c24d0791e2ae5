"""What an edit of the rules changes: for everybody there can be, in words, and for the taps of the past."""
