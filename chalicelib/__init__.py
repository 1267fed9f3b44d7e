"""A cold start loads without the garbage collector, which would look through everything again and again.

Whatever Lambda calls, this module is imported first; ``handlers/invocations.py`` turns the collector on again.
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
