"""What goes back to the partner: composed, named, delivered."""
