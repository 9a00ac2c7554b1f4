"""The containers that requests and responses are made of, under the names Werkzeug gives them."""

from .accept import Accept as Accept
from .accept import CharsetAccept as CharsetAccept
from .accept import LanguageAccept as LanguageAccept
from .accept import MIMEAccept as MIMEAccept
from .auth import Authorization as Authorization
from .auth import WWWAuthenticate as WWWAuthenticate
from .cache_control import RequestCacheControl as RequestCacheControl
from .cache_control import ResponseCacheControl as ResponseCacheControl
from .containers import CallbackDict as CallbackDict
from .containers import ImmutableDict as ImmutableDict
from .containers import ImmutableDictMixin as ImmutableDictMixin
from .containers import ImmutableList as ImmutableList
from .containers import ImmutableListMixin as ImmutableListMixin
from .containers import ImmutableTypeConversionDict as ImmutableTypeConversionDict
from .containers import TypeConversionDict as TypeConversionDict
from .containers import UpdateDictMixin as UpdateDictMixin
from .csp import ContentSecurityPolicy as ContentSecurityPolicy
from .etag import ETags as ETags
from .file_storage import FileMultiDict as FileMultiDict
from .file_storage import FileStorage as FileStorage
from .header_set import HeaderSet as HeaderSet
from .headers import Headers as Headers
from .headers import ImmutableHeadersMixin as ImmutableHeadersMixin
from .headers import RequestHeaders as RequestHeaders
from .multidict import CombinedMultiDict as CombinedMultiDict
from .multidict import ImmutableMultiDict as ImmutableMultiDict
from .multidict import ImmutableMultiDictMixin as ImmutableMultiDictMixin
from .multidict import MultiDict as MultiDict
from .multidict import iter_multi_items as iter_multi_items
from .ordered import ImmutableOrderedMultiDict as ImmutableOrderedMultiDict
from .ordered import OrderedMultiDict as OrderedMultiDict
from .range import ContentRange as ContentRange
from .range import IfRange as IfRange
from .range import Range as Range

EnvironHeaders = RequestHeaders
