"""Python's `import` of compiled modules.

In: names that Python's own finders did not find, a session to load into. Out: modules. A plan is found where
a `.py` would be: in the folders of the search path, in packages beside Python's modules, in folders that hold
plans alone; `my-plan.rtfs` is imported as `my_plan`. Sources are compiled by what the session's module store
was given; artifacts need nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Protocol

from rtfs_runtime import loader
from rtfs_runtime.artifact import SUFFIX, ArtifactError
from rtfs_runtime.modulepath import SOURCE_SUFFIX, Place, find_file
from rtfs_runtime.modulestore import Found, ModuleStore, Uncompiled
from rtfs_runtime.planmodule import PlanModule


class ImportingSession(loader.LoadingSession, Protocol):
    """What importing needs of a session."""

    modules: ModuleStore


class PlanFinder(MetaPathFinder):
    """Stands after Python's own finders, so that it is asked only for what they do not know.

    `paths` None means `sys.path`. `session` is asked when the first plan is loaded.
    """

    def __init__(self, paths: Sequence[str] | None, session: Callable[[], ImportingSession]) -> None:
        self.paths = None if paths is None else tuple(paths)
        self._session = session

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a plan, or a folder whose name only a plan's importer can match."""
        tail = fullname.rpartition(".")[2]
        for entry in (self.paths or sys.path) if path is None else path:
            directory = entry or os.curdir
            for name in _names(directory, tail):
                folder = os.path.join(directory, name)
                place = find_file(directory, name)
                if place is not None:
                    return self._plan(fullname, directory, place, folder)
                if name != tail and os.path.isdir(folder):
                    return _folder(fullname, folder)
        return None

    def _plan(self, fullname: str, directory: str, place: Place, folder: str) -> ModuleSpec:
        parents = fullname.count(".")
        root = os.path.abspath(directory)
        names = [place.filename.removesuffix(SOURCE_SUFFIX)]
        for _ in range(parents):
            root, name = os.path.split(root)
            names.insert(0, name)
        place = place._replace(filename="/".join(names) + SOURCE_SUFFIX)
        found = PlanLoader(self._session, place, root, ".".join(names))
        spec = ModuleSpec(fullname, found, origin=place.path, is_package=os.path.isdir(folder))
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec


class PlanLoader(InspectLoader):
    """Loads one plan into a session; `name` is what RTFS calls it, `root` where its imports are looked
    for."""

    def __init__(self, session: Callable[[], ImportingSession], place: Place, root: str, name: str) -> None:
        self._session = session
        self._place = place
        self._root = root
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module, empty."""
        return PlanModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the plan, unless the session has it already.

        Raises: ImportError for what cannot be loaded; RtfsError and the compiler's errors as they are.
        """
        assert isinstance(module, PlanModule), "made by create_module"
        session = self._session()
        instance = session.instances.get(self._name)
        if instance is None:
            instance = loader.load(self._find(session.modules), session, self._name)
        module.open(instance)

    def get_source(self, fullname: str) -> str | None:
        """Give the text of the plan, for tracebacks and tools."""
        try:
            data = self._find(self._session().modules).artifact.source
        except (ImportError, ArtifactError):
            return None
        return data.decode("utf-8", "replace").removeprefix("\ufeff")

    def get_code(self, fullname: str) -> CodeType:
        """Give the code of the plan."""
        found = self._find(self._session().modules)
        return found.artifact.code(found.path)

    def is_package(self, fullname: str) -> bool:
        """Tell whether plans may be below this one."""
        return os.path.isdir(self._place.path.removesuffix(SOURCE_SUFFIX))

    def _find(self, modules: ModuleStore) -> Found:
        if self._root not in modules.paths:
            modules.paths = (*modules.paths, self._root)
        try:
            return modules.fetch_place(self._place)
        except (ArtifactError, Uncompiled) as error:
            raise ImportError(str(error), name=self._name, path=self._place.path) from error


def install(paths: Sequence[str] | None, session: Callable[[], ImportingSession]) -> PlanFinder:
    """Make `import` find plans; again with equal paths changes nothing."""
    wanted = None if paths is None else tuple(paths)
    for known in sys.meta_path:
        if isinstance(known, PlanFinder) and known.paths == wanted:
            return known
    finder = PlanFinder(paths, session)
    sys.meta_path.append(finder)
    return finder


def _folder(fullname: str, folder: str) -> ModuleSpec:
    spec = ModuleSpec(fullname, None, is_package=True)
    spec.submodule_search_locations = [folder]
    return spec


def _names(directory: str, tail: str) -> list[str]:
    """Give the names on disk that a Python name may mean here: itself, else one that has hyphens.

    Raises: ImportError, when several have hyphens.
    """
    if "_" not in tail or find_file(directory, tail) is not None:
        return [tail]
    try:
        entries = os.listdir(directory)
    except OSError:
        return [tail]
    stems = {entry.removesuffix(SUFFIX).removesuffix(SOURCE_SUFFIX) for entry in entries}
    found = sorted(stem for stem in stems if stem != tail and stem.replace("-", "_") == tail)
    if len(found) > 1:
        raise ImportError(f"{tail} may be {' or '.join(found)} in {directory}", name=tail)
    return found or [tail]
