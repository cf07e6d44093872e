"""What people and programs see of facts and answers: listings, text, JSON, pictures."""
