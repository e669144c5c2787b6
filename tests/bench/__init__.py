"""Benchmarks with their own yardstick: `make bench` prints a table and writes bench.json.

Never a timed test: nothing here passes or fails. Every row that depends on the machine is published beside an anchor
that was measured in the same run, so that the ratio means something on another machine.
"""
