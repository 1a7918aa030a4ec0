"""An engine that runs nothing and tells the same story as the real ones.

It has faults to order, and a record of its own that an observer can check the platform
against, even when the processes of the platform are killed.
"""
