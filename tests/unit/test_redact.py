"""Redaction: what is evidence stays, the volunteer does not, in whatever spelling."""

import base64
from pathlib import Path

import pytest

from probe.store import OwnValues, Redactor
from probe.store.own import own_addresses, own_literals

VOLUNTEER = "203.0.113.77"
VOLUNTEER_SIX = "2001:db8:12:34:211:22ff:fe33:4455"
OWN = OwnValues(
    addresses=("192.168.1.23", "fe80::1%eth0", "127.0.0.1", "10.1.2.3/24", "junk"),
    resolvers=("192.168.1.1", "9.9.9.9"),
    hostname="IVANOVA-PC",
    user="ivanova",
    home=r"C:\Users\ivanova",
    others=("Kv 42 Ivanovy", "Мария", "東京の家"),
)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(OWN, allowed=("8.8.8.8", "9.9.9.9", "2001:4860:4860::8888"))


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Ваш IP: {VOLUNTEER}.", "Ваш IP: [ip]."),
        ("at 203.000.113.077", "at [ip]"),
        ("at 0313.0000.0161.0115", "at [ip]"),
        ("at 0xcb.0x00.0x71.0x4d", "at [ip]"),
        ("n=3405803853 ", "n=[number] "),
        ("n=031300070515 ", "n=[number] "),
        ("n=203000113077 ", "n=[number] "),
        ("n=cb00714d ", "n=[ip] "),
        ("ip.3405803853.example", "ip.[number].example"),
        ("n=0xCB00714D ", "n=[ip] "),
        ("77.113.0.203.in-addr.arpa", "[ip].in-addr.arpa"),
        ("203-0-113-77.pppoe.example", "[ip].pppoe.example"),
        ("host_77_113_0_203", "host_[ip]"),
        ("http://203.0.113.77/x", "http://[ip]/x"),
        ("c=203%2E0%2e113%2E77", "c=[ip]"),
        ("c=%32%30%33%2e%30%2e113.77", "c=[ip]"),
        ("c=203%252E0%252E113%252E77", "c=[ip]"),
        (r"'203\u002e0\u002e113\u002e77'", "'[ip]'"),
        (r"203\x2e0\x2e113\x2e77", "[ip]"),
        ("203&#46;0&#x2e;113&period;77", "[ip]"),
        ("203&amp;#46;0&amp;#x2e;113&amp;period;77", "[ip]"),
        ("203&amp;amp;#46;0&amp;amp;#46;113&amp;amp;#46;77", "[ip]"),
        (f"t={base64_of(VOLUNTEER)} ", "t=[base64] "),
        (f"t={base64_of('x' + VOLUNTEER)}&", "t=[base64]&"),
        (f"t={base64_of('{a: 1, ip: ' + VOLUNTEER + '}')}", "t=[base64]"),
        (f"t={base64_of('longer words before ' * 30 + VOLUNTEER)}", "t=[base64]"),
        (f"t={base64_of(VOLUNTEER_SIX)}", "t=[base64]"),
        (f"Your address.{VOLUNTEER_SIX}.", "Your address.[ip]."),
        ("203.0.113.77::443", "[ip]::443"),
        (f"t={base64_of('user ivanova here')}", "t=dXNlciB[user]IGhlcmU="),
        (f"t={base64_of('mail: someone@mail.example')}", "t=[base64]"),
        ("::ffff:203.0.113.77 ", "[ip] "),
        ("::ffff:cb00:714d ", "[ip] "),
        (f"from {VOLUNTEER_SIX} port", "from [ip] port"),
        (f"[{VOLUNTEER_SIX.upper()}]:443", "[[ip]]:443"),
        (f"{VOLUNTEER_SIX}:443", "[ip]:443"),
        ("2001:0db8:0012:0034:0211:22ff:fe33:4455", "[ip]"),
        ("20010db80012003402112 2fffe334455", "20010db80012003402112 2fffe334455"),
        ("20010db800120034021122fffe334455", "[id]"),
        ("2001-db8-12-34-211-22ff-fe33-4455.pool", "[ip].pool"),
        ("fe80::1%eth0 is up", "[ip] is up"),
        ("2001:db8:1:: is", "[ip] is"),
        ("see 2001:db8::1: it", "see [ip]: it"),
        ("2001%3adb8%3A12%3a34%3a211%3a22ff%3afe33%3a4455", "[ip]"),
        ("5.5.4.4.3.3.e.f.f.f.2.2.1.1.2.0.4.3.0.0.2.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "[ip].ip6.arpa"),
        ("4.3.0.0.2.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "[ip].ip6.arpa"),
        ("".join(f"{c}\0" for c in VOLUNTEER), "[ip]"),
        ("".join(f"\0{c}" for c in VOLUNTEER), "[ip]"),
        ("۲۰۳.۰.۱۱۳.۷۷ است", "[ip] است"),
        ("mac 00:11:22:aa:BB:cc.", "mac [mac]."),
        ("mac 00-11-22-33-44-55", "mac [mac]"),
        ("mac 0011.2233.4455", "mac [mac]"),
        ("mac 001122aabbcc", "mac [mac]"),
        (
            "pCB00714D.dip0.t-ipconnect.de xcb00714d.dyn.example",
            "p[ip].dip0.t-ipconnect.de x[ip].dyn.example",
        ),
        ("p5B230567.dip0.t-ipconnect.de", "p[ip].dip0.t-ipconnect.de"),
        ("p20010DB800120034021122FFFE334455.dip0.example", "p[id].dip0.example"),
        ("ip203000113077.isp.example ip3405803853", "ip[number].isp.example ip[number]"),
        ("mac 00_11_22_aa_bb_cc", "mac [mac]"),
        ("mac001122aabbcc 0x001122aabbcc", "mac[mac] [mac]"),
        ("interface 0211:22ff:fe33:4455, 021122fffe334455", "interface [mac], [mac]"),
        (f"h={VOLUNTEER.encode().hex()} H={VOLUNTEER.encode().hex().upper()}", "h=[ip] H=[ip]"),
        (f"t={base64_of(VOLUNTEER.encode().hex())} ", "t=[base64] "),
        (f"t={base64.b64encode(VOLUNTEER.encode('utf-16-le')).decode()} ", "t=[base64] "),
        ("+375 29 123-45-67, +380 (67) 123-45-67", "[number], [number]"),
        ("+98 912 345 6789 +992 90 123 4567 +49 170 1234567", "[number] [number] [number]"),
        ("/?wlan=Kv42&wlanName=Kv&ssid=K", "/?wlan=[account]&wlanName=[account]&ssid=[account]"),
        ("Мария".encode("idna").decode(), "[own]"),
        ("Мария".encode("koi8-r").decode("latin-1"), "[own]"),
        ("МАРИЯ".encode().decode("latin-1"), "[own]"),
        ("write to someone+x@mail.example now", "write to [email] now"),
        ("ftp://name:secret@host.example/", "ftp://[account]@host.example/"),
        ("Set-Cookie: sid=1; path=/\r\nServer: x", "Set-Cookie: [cookie]\r\nServer: x"),
        ("Authorization: Basic abc\nx", "Authorization: [account]\nx"),
        ("Bearer abcdefgh.ijkl", "Bearer [account]"),
        ("t eyJhbGciOiJ9.eyJzdWIiOiI.sig-", "t [account]"),
        (
            "/go?ip=7&url=x.com&login=abc&client_id=5",
            "/go?ip=[account]&url=x.com&login=[account]&client_id=[account]",
        ),
        ("Абонент +7 (914) 123-45-67, счёт 123456789", "Абонент [number], счёт [number]"),
        ("8-914-123-45-67", "[number]"),
        ("id 550e8400-e29b-41d4-a716-446655440000", "id [id]"),
        ("/home/maria/x /Users/masha/y", "/home/[user]/x /Users/[user]/y"),
        (r"D:\Users\masha\x C:\Users\Public\y", r"D:\Users\[user]\x C:\Users\Public\y"),
        (r"C:\Users\ivanova\x", r"[home]\x"),
        (r"C:\\Users\\ivanova\\x", r"[home]\\x"),
        ("IVANOVA-PC and ivanova-pc.local", "[host] and [host].local"),
        ("Wi-Fi Kv 42 Ivanovy", "Wi-Fi [own]"),
        ("Kv%2042%20Ivanovy", "[own]"),
        ("Привет, мария!", "Привет, [own]!"),
        ("%D0%9C%D0%B0%D1%80%D0%B8%D1%8F", "[own]"),
        (r"\u041c\u0430\u0440\u0438\u044f", "[own]"),
        ("Wi-Fi 東京の家", "Wi-Fi [own]"),
        ("a lone \ud800 surrogate", "a lone ? surrogate"),
    ],
)
def test_what_names_the_volunteer_is_masked(redactor: Redactor, text: str, masked: str) -> None:
    assert redactor.text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8 and 8-8-8-8 and 0x08080808 and 134744072 and 08080808 and 001.002",
        "8.8.8.8.in-addr.arpa 2001:4860:4860::8888 [2001:4860:4860::8888]:53 ::ffff:8.8.8.8",
        "opacity: 0.33333333",
        "2001:4860:4860:0:0:0:0:8888:443 2001-4860-4860-0-0-0-0-8888 20014860486000000000000000008888",
        "008008008008 01002004010 0x8.0x8.0x8.0x8 0010.0010.0010.0010",
        "127.0.0.1 0.0.0.0 255.255.255.255 ::1 :: localhost",
        "nginx/1.18.0 12:34:56 2024-10-12-500 999.1.2.3 1.2.3",
        "a::before { color: #ff00aa77 } 1:2:3 std::vector 1:2:3:4:5:6:7:8:9x",
        "p08080808.dip0.example ip134744072 ip008008008008 t=" + b"8.8.8.8".hex(),
        "v20261121.js v20261121.min.js page12345678.html background.css app1.0xff +10 000 + 20 000 = 30 000",
        "UTC+03:00 +1 234 567 machine macabre mac-12 ff:fe fffe gzip 12345678x",
        "AB:CD:EF:00:11:22:33:44:55:66:77:88 is a fingerprint of a certificate",
        "asn 64500, 1234567 words, e2e8400, ivanovo.example, /home, mailto:",
        "a long-word-with-many-dashes-in-it-that-is-no-address at all%20a%zz 100% & &amp; c:\\",
        "U2hvcnQgd29yZHMgb25seQ== data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA",
        "x" * 5000,
        "",
    ],
)
def test_what_names_nobody_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_what_was_masked_is_counted_by_category(redactor: Redactor) -> None:
    redactor.text(f"{VOLUNTEER} {VOLUNTEER} a@b.example ivanova")
    assert redactor.counts() == (("email", 1), ("ip", 2), ("name", 1))


def test_spellings_inside_spellings_are_followed_only_so_far(redactor: Redactor) -> None:
    text = VOLUNTEER
    for _ in range(3):
        text = text.replace("%", "%25").replace(".", "%2E")
    assert redactor.text(text) == "[ip]"
    assert redactor.text("%25" * 2000 + "%2E") == "%25" * 2000 + "%2E"
    deep = "203%2525252525252E0"
    assert redactor.text(deep) == deep


def test_remembering_clean_texts_changes_nothing_and_is_bounded(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probe.store.redact._MOST_REMEMBERED", 2)
    for _ in range(2):
        for text in ("nginx", "CN=example.org", "h2", f"at {VOLUNTEER}", "at 8.8.8.8"):
            assert redactor.text(text) == text.replace(VOLUNTEER, "[ip]")
    assert redactor.counts() == (("ip", 2),)


def test_base64_of_evidence_stays() -> None:
    redactor = Redactor(OwnValues(), allowed=(VOLUNTEER,))
    for plain in (f"ip: {VOLUNTEER}", f"ip: {VOLUNTEER} " * 60):
        text = f"t={base64_of(plain)}"
        assert redactor.text(text) == text


def test_names_that_thousands_share_are_words_and_stay() -> None:
    own = OwnValues(user="root", hostname="localhost", home="/root", others=("ab", ""))
    said = f"{own.user} at {own.hostname} in {own.home}/x ab"  # words, not a file that anybody has
    assert own_literals(own) == {}
    assert Redactor(own).text(said) == said


def test_loopback_and_junk_are_nobodys_address() -> None:
    assert own_addresses(OWN.addresses) == {"192.168.1.23", "fe80::1", "10.1.2.3"}


def test_short_names_are_masked_only_as_words() -> None:
    redactor = Redactor(OwnValues(user="dan"))
    assert redactor.text("dan danced, Dan. jordan dan_x") == "[user] danced, [user]. jordan [user]_x"


def test_this_machines_values_are_read_from_the_system() -> None:
    own = OwnValues.of_this_machine(addresses=("10.0.0.1",), resolvers=("10.0.0.2",), others=("x",))
    assert own.addresses == ("10.0.0.1",)
    assert own.resolvers == ("10.0.0.2",)
    assert own.others == ("x",)
    assert own.home


@pytest.mark.parametrize(
    "error",
    [KeyError("uid not found"), ModuleNotFoundError("No module named 'pwd'"), OSError("no user")],
)
def test_a_user_without_an_account_is_no_fault_and_the_home_is_masked_all_the_same(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    own = OwnValues.of_this_machine()
    assert (own.user, own.home) == ("", str(Path.home()))


def test_a_user_without_a_home_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert OwnValues.of_this_machine().home == ""
