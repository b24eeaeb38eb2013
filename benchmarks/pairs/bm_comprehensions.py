"""pyperformance's comprehensions: select and order records."""

from benchmarks.installed import module

bm = module("comprehensions")
widgets = bm.make_some_widgets()


def run():
    return [w.widget_id for w in bm.WidgetTray(1, widgets).sorted_widgets]
