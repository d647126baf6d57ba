"""What Millrace adds to LocalStack: functions as Node.js processes, Kafka mappings, a reset route, two more services.

LocalStack finds it by `entry_points.txt` beside this package, with PYTHONPATH set to the folder of both: nothing to install.
"""
