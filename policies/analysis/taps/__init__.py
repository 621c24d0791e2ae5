"""Every tap that the rules of some sites can tell apart: whom, when and how, each class with one to show it by."""
