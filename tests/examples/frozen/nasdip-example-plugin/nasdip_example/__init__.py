"""An example of a plugin for nasdip."""
