"""Why one tap is answered as it is: each condition of it, what was near, and the sentence for the person."""
