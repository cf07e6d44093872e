"""One module per question; answers are data and hold no words."""
