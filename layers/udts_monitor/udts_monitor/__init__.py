"""Watches UCloud UDTS tasks and tells people, once and reliably, what became of them."""
