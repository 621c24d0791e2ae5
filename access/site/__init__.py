"""The composition root: server, authorizer, door computers and emulators put together for a role."""
