"""A Hypothesis strategy for whatever a resolver may have told of who asks for it."""

from hypothesis import strategies as st

from probe.model import failure as f
from probe.model.who import WhoAnswer

who_answers = st.builds(
    WhoAnswer,
    t0=st.sampled_from([0.0, 0.5]),
    t=st.sampled_from([0.501, 3.0]),
    failure=st.sampled_from([None, f.TIMEOUT, f.DNS_NXDOMAIN, f.DNS_BOGON]),
    ip=st.sampled_from(["104.16.1.1", "192.0.2.1"]),
    transport=st.sampled_from(["udp", "tcp", "dot", "doh"]),
    question=st.just("whoami.akamai.net A"),
    whence=st.sampled_from(["", "owner", "elsewhere", "elsewhere"]),
    prefix=st.sampled_from(["", "104.16.0.0/13"]),
    asn=st.sampled_from([0, 13335]),
)
