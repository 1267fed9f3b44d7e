"""The floor: the landing page and Square's callback as one would write them by hand for just these two requests.

botocore's clients, Jinja2, urllib3, and nothing of the product but its templates. The same calls of AWS and of the app,
the same page, the same checks of link and state, one log line. What can be made ready when it is packaged stands in
``ready.json``. Deployed by itself: nothing here imports the product.
"""
