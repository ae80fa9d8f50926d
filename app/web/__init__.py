"""The HTTP and Socket.IO shell around the services."""
