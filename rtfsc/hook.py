"""Sessions and imports that can compile.

In: what users choose. Out: `install`, which makes `import plan` find `.rtfs` files, and `Session`. The
compiler is imported when the first source is met that is compiled nowhere yet, so programs that run from
artifacts or the cache never pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rtfs_runtime import importer, session
from rtfs_runtime.artifact import Artifact
from rtfs_runtime.cache.l4_artifact import DEFAULT_OPTIONS, local_artifacts
from rtfs_runtime.delegation.policy_reader import load_nearest
from rtfs_runtime.modulestore import ModuleStore, Request
from rtfs_runtime.settings import Settings

if TYPE_CHECKING:
    from rtfs_runtime.delegation.engine import DelegationEngine
    from rtfs_runtime.delegation.policy import Policy


def compile_source(request: Request, modules: ModuleStore) -> Artifact:
    """Compile a text for a module store."""
    from rtfsc.driver import compiler

    return compiler()(request, modules)


class Session(session.Session):
    """A session whose imports and plans are compiled when they are not yet.

    A policy is compiled in: its rules say which functions have slots that it may link elsewhere.
    """

    _compiles_for_policy = False

    def __init__(
        self, settings: Settings | None = None, *, modules: ModuleStore | None = None, **given: Any
    ) -> None:
        if modules is None and (settings is None or settings.compile_source is None):
            policy = given.get("policy", settings.policy if settings is not None else None)
            for name, value in _compiling(policy).items():
                given.setdefault(name, value)
            self._compiles_for_policy = True
        super().__init__(settings, modules=modules, **given)

    def set_policy(self, policy: Policy | None, engine: DelegationEngine | None = None) -> None:
        """Do as every session, and compile what is loaded later for the new policy."""
        super().set_policy(policy, engine)
        if self._compiles_for_policy:
            chosen = _compiling(policy)
            self.modules.compile_with(
                chosen["compile_source"], chosen.get("compile_options", DEFAULT_OPTIONS)
            )


def _compiling(policy: Any) -> dict[str, Any]:
    if policy is None:
        return {"compile_source": compile_source, "cache": local_artifacts()}
    # the options are a dataclass, which costs an import that sessions without a policy need not make
    from rtfsc.options import Options

    options = Options(delegable=policy.delegable, policy=policy.digest)

    def compile_for_policy(request: Request, modules: ModuleStore) -> Artifact:
        from rtfsc.driver import compiler

        return compiler(options)(request, modules)

    return {
        "compile_source": compile_for_policy,
        "cache": local_artifacts(),
        "compile_options": options.key_text(),
    }


def install(paths: Sequence[str] | None = None, *, require_signed: bool = False) -> importer.PlanFinder:
    """Make Python's `import` find plans in `paths`, or wherever Python looks; they live in the default
    session. `require_signed` loads only artifacts that a key on the user's trust list signed.

    Raises: TrustError when that list cannot be read.
    """
    if require_signed:
        # whoever asks for signatures pays for checking them
        from rtfs_runtime.trust import read_trust
        from rtfs_runtime.userdirs import trust_directory

        _default().modules.require_signed(read_trust(trust_directory()))
    return importer.install(paths, _default)


def _default() -> importer.ImportingSession:
    """Give the default session; when there is none yet, one under the policy of the environment."""
    if not session.has_default():
        session.set_default(Session(policy=load_nearest()))
    found = session.default_session()
    if not found.modules.can_compile:
        found.modules = ModuleStore(found.modules.paths, compile_source, local_artifacts())
    return found
