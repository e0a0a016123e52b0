"""What the commands of load/ are made of. Python's standard library only."""
