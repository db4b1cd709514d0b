"""Conformance suites: what a store or a serializer of your own must do."""
