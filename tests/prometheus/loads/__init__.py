"""What is sent to the systems, and what Prometheus is to answer then."""
