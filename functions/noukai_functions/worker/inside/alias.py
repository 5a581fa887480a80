"""An import alias: the module `shop` of a flows folder is the module `flows.shop`."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class Alias:
    """A finder of a package's modules by their short names, unless another module has that name.

    With the folder on `sys.path` instead, each module would be imported once under each name, and its classes
    would exist twice, which breaks `isinstance` and `except`.
    """

    def __init__(self, package: str, folder: Path) -> None:
        self.package = package
        self.folder = folder
        self._names = {path.name.partition(".")[0] for path in folder.iterdir()}

    def install(self) -> None:
        """Install the finder before all others, which would import the modules a second time."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Remove the package and all its modules, under both names."""
        sys.meta_path.remove(self)
        modules = [(name, getattr(module, "__name__", "")) for name, module in list(sys.modules.items())]
        for name, own in modules:
            if own == self.package or own.startswith(f"{self.package}."):
                del sys.modules[name]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module by its short name."""
        del path, target
        if self._has(fullname) and importlib.util.find_spec(f"{self.package}.{fullname}"):
            return ModuleSpec(fullname, self)  # type: ignore[arg-type]  # any object that has a loader's two methods
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module by its full name; circular imports find it there."""
        module = importlib.import_module(f"{self.package}.{spec.name}")
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the module's own specification, which the import has replaced."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state

    def _has(self, fullname: str) -> bool:
        root, dot, _ = fullname.partition(".")
        if root not in self._names:
            return False
        if dot:
            return sys.modules.get(root) is sys.modules.get(f"{self.package}.{root}")
        others = (finder.find_spec(root, None) for finder in sys.meta_path if finder is not self)
        return all(spec is None or self._is_beside(spec) for spec in others)

    def _is_beside(self, spec: ModuleSpec) -> bool:
        """Return whether the spec is only a folder beside ours, found as a namespace package."""
        places = spec.submodule_search_locations if spec.origin is None else None
        return places is not None and all(Path(place).parent == self.folder.parent for place in places)
