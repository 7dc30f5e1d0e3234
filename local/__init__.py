"""What runs on a developer's machine only: the UCloud simulator and the local stack."""
