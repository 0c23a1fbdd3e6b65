"""The Model Context Protocol: the operations as tools for agents, on stdio or over HTTP.

Rule 1: a tool is a row of the operations table; here are only the words for models, and the wire.
Rule 2: what goes wrong as it may reaches the model as one line; no traceback, link or secret ever does.
Rule 3: standard output belongs to the protocol.
"""
