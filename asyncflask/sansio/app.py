"""`flask.sansio.app`: an app as it is set up."""

from ..setup.application import Application

App = Application
