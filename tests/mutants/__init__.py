"""Whether the tests would notice: single words of the program changed, and the tests of that module run.

python -m tests.mutants                    every change of the list, one after another
python -m tests.mutants --jobs 2           two at a time
python -m tests.mutants --only NAME        one of them (may be given again)
python -m tests.mutants --list             what is changed, and what it would mean to a user

The sources and tests are copied to a temporary folder and changed there, never here. For each change the
tests that mirror the module are run (tests/PACKAGE/test_MODULE.py) and those that its entry names, without
those that ask a kernel. A change is *caught* when a test fails that passes without it. Exit 0: all are caught
but one at most, and every one that must be; 1: too many survive; 2: an entry of the list fits the sources no
more.
"""
