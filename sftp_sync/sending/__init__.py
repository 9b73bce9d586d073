"""How due rows reach the vendor: a dispatcher per account, for any number of campaigns."""
