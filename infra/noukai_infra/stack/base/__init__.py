"""The parts that several constructs share: functions, assets, streams and rights."""
