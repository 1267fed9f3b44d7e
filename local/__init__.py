"""The product on one machine: stand-ins for AWS and for the apps, the stream's pump, and an inbox. Never packaged."""
