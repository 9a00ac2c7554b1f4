"""`flask.sansio.scaffold`: what apps and blueprints share."""

from ..setup.registrar import Registrar
from ..setup.registrar import setupmethod as setupmethod
from ..setup.resources import find_package as find_package

Scaffold = Registrar
