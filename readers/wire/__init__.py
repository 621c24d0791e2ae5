"""The contract between door computers and the server: events out, snapshots in, and the bus both ends see. Pure."""
