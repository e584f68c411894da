"""How large a number or a name can be that somebody measured; what is read from a disk is held against it.

Wide enough for every run that was ever made, and for 64 bits off a wire; narrow enough that sums, products
and times of them stay what they are. A decoder checks them; where a record is made, nothing does.
"""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

LONGEST_UID: Final = 200

Seconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
"""Within a run, from its beginning; a date as seconds since 1970 is one, too."""
Real = Annotated[float, Meta(ge=-1e15, le=1e15)]
"""Milliseconds, rates and shares."""
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Counts, bytes, codes and AS numbers."""
Moment = Annotated[int, Meta(ge=0, le=2**33)]
"""Seconds since 1970, of a signature's 32 bits."""
Utc = Annotated[datetime, Meta(tz=True)]
"""Aware: one without a zone cannot be compared with the others."""
Uid = Annotated[str, Meta(max_length=LONGEST_UID)]
