"""What talks to UCloud and AWS."""
