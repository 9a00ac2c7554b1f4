"""`flask.sansio.blueprints`: here one class is the whole blueprint."""

from collections.abc import Callable

from ..blueprints import Blueprint as Blueprint
from ..blueprints import BlueprintSetupState as BlueprintSetupState

DeferredSetupFunction = Callable[[BlueprintSetupState], None]
