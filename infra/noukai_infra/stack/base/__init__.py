"""The parts that several constructs share: functions, assets, the stream and permissions."""
