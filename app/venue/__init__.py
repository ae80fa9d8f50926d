"""The paper venue as a process of its own: an order log that survives, and faults on demand."""
