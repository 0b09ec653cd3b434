import sys

# It imports what injects faults: limits, kills and forks are POSIX's.
collect_ignore = ["test_faults.py"] if sys.platform == "win32" else []
