"""Werkzeug's module of this name, for what is imported from there; nothing is defined here."""

from .containers import CallbackDict as CallbackDict
from .containers import ImmutableDict as ImmutableDict
from .containers import ImmutableList as ImmutableList
from .containers import ImmutableTypeConversionDict as ImmutableTypeConversionDict
from .containers import TypeConversionDict as TypeConversionDict
from .header_set import HeaderSet as HeaderSet
from .multidict import CombinedMultiDict as CombinedMultiDict
from .multidict import ImmutableMultiDict as ImmutableMultiDict
from .multidict import MultiDict as MultiDict
from .multidict import iter_multi_items as iter_multi_items
from .ordered import ImmutableOrderedMultiDict as ImmutableOrderedMultiDict
from .ordered import OrderedMultiDict as OrderedMultiDict
