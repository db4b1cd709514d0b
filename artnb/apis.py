"""Where W&B keeps the classes of its read side: ``apis.public.Run``; see `artnb.sdk`."""

import artnb.sdk  # it makes what is below here

__all__: list[str] = []

del artnb
