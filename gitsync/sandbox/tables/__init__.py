"""What `kubectl get` shows: columns and cells per kind, the same as a real server's."""
