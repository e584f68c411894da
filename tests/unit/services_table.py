"""The table of services of the README, in English and in Russian, made from the catalogue.

`python tests/unit/services_table.py` writes it anew between the two marks of each.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from probe.model.target import Service, Target
from probe.targets import Catalogue, read_catalogue
from probe.targets.inputs import parse_input

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
RUSSIAN: Final = ROOT / "README.ru.md"
BEGIN: Final = "<!-- services: made from targets/ by tests/unit/services_table.py -->"
END: Final = "<!-- /services -->"
SHOWN: Final = 2
"""Hosts of a kind that are named; the rest is counted."""
ASKED: Final = {
    "web": "a page",
    "quic": "QUIC",
    "tcp": "a connection",
    "http_any": "any HTTP answer",
    "doh": "DNS over HTTPS",
    "store": "an app in a country's store",
    "zone": "the zone's servers and signatures",
    "path": "the way there, hop by hop",
    "dns+udp": "DNS over UDP",
    "dns+tcp": "DNS over TCP",
    "dns+tls": "DNS over TLS",
    "dns+quic": "DNS over QUIC",
    "stun": "a STUN binding",
    "tor": "Tor's handshake",
}
"""By experiment, plain DNS by scheme; what is not here is called by its experiment."""
ENGLISH: Final[Mapping[str, str]] = {}
IN_RUSSIAN: Final[Mapping[str, str]] = {
    "service": "сервис",
    "what it is": "что это",
    "what is asked for": "что запрашивается",
    "rule": "правило",
    "risk": "риск",
    "measured": "измеряется",
    "low": "низкий",
    "elevated": "повышенный",
    "high": "высокий",
    "by default": "по умолчанию",
    "by name": "по имени",
    " and {n} more": " и ещё {n}",
    "a page": "страница",
    "a connection": "соединение",
    "any HTTP answer": "любой ответ HTTP",
    "DNS over HTTPS": "DNS через HTTPS",
    "an app in a country's store": "приложение в магазине страны",
    "the zone's servers and signatures": "серверы и подписи зоны",
    "the way there, hop by hop": "путь туда, узел за узлом",
    "DNS over UDP": "DNS через UDP",
    "DNS over TCP": "DNS через TCP",
    "DNS over TLS": "DNS через TLS",
    "DNS over QUIC": "DNS через QUIC",
    "a STUN binding": "привязка STUN",
    "Tor's handshake": "рукопожатие Tor",
    "BBC News Russian": "Русская служба Би-би-си",
    "Calls (STUN)": "Звонки (STUN)",
    "Cisco's codec": "Кодек Cisco",
    "Current Time": "Настоящее Время",
    "Deutsche Welle (Russian)": "Deutsche Welle (по-русски)",
    "Important Stories": "Важные истории",
    "Mediazona": "Медиазона",
    "Meduza": "Медуза",
    "Novaya Gazeta Europe": "Новая газета Европа",
    "Paths to addresses behind Cogent and Lumen": "Пути к адресам за Cogent и Lumen",
    "Radio Svoboda": "Радио Свобода",
    "Sites of VPN providers": "Сайты VPN-сервисов",
    "TV Rain": "Дождь",
    "Telegram (apps)": "Telegram (приложения)",
    "Telegram (web)": "Telegram (веб)",
    "The zones .RU, .РФ and .SU": "Зоны .RU, .РФ и .SU",
    "Tor (network)": "Tor (сеть)",
    "Tor (web site)": "Tor (сайт)",
    "VPN apps in the stores": "Приложения VPN в магазинах",
    "WhatsApp (apps)": "WhatsApp (приложения)",
    "WhatsApp (registration)": "WhatsApp (регистрация)",
    "WhatsApp (web)": "WhatsApp (веб)",
    "Wikipedia (Russian)": "Википедия (по-русски)",
}
"""Words of the table; a name that is not here is spelt alike in both."""


def table(catalogue: Catalogue, words: Mapping[str, str] = ENGLISH) -> str:
    """Return the whole block, marks included."""
    head = ["service", "what it is", "what is asked for", "rule", "risk", "measured"]
    rows = [
        [words.get(cell, cell) for cell in head],
        ["---"] * len(head),
        *(row(service, words) for service in catalogue.services),
    ]
    return "\n".join((BEGIN, *(f"| {' | '.join(cells)} |" for cells in rows), END))


def row(service: Service, words: Mapping[str, str] = ENGLISH) -> list[str]:
    """Return the cells of one service."""
    measured = "by default" if service.default else "by name"
    return [
        f"`{service.service}`",
        words.get(service.title, service.title),
        "; ".join(asked_for(service, words)),
        rule(service),
        words.get(service.risk.value, service.risk.value),
        words.get(measured, measured),
    ]


def asked_for(service: Service, words: Mapping[str, str] = ENGLISH) -> Iterator[str]:
    """Yield each kind of question with the hosts that it is put to."""
    and_more = words.get(" and {n} more", " and {n} more")
    kinds: dict[str, list[str]] = {}
    for target in service.targets:
        hosts = kinds.setdefault(kind(target), [])
        if (host := shown(target)) not in hosts:
            hosts.append(host)
    for word, hosts in kinds.items():
        more = and_more.format(n=len(hosts) - SHOWN) if len(hosts) > SHOWN else ""
        yield f"{words.get(word, word)}: {', '.join(hosts[:SHOWN])}{more}"


def kind(target: Target) -> str:
    """Return what a target is asked, in words."""
    what = parse_input(target.input).scheme if target.experiment in {"dns", "vpn"} else target.experiment
    return ASKED.get(what, what)


def shown(target: Target) -> str:
    """Return host, and port where it is no matter of course, or what else stands in the input's place."""
    parsed = parse_input(target.input)
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{host}:{parsed.port}" if target.experiment in {"tcp", "http_any", "vpn"} else host


def rule(service: Service) -> str:
    """Return the rule, with the endpoints that it hears where it does not hear all."""
    essential = [target.target_id.partition("/")[2] for target in service.targets if target.essential]
    return f"essential: {', '.join(essential)}" if service.rule == "essential" else service.rule


def block(text: str) -> str:
    """Return what stands between the marks of a text, marks included. ValueError where there are none."""
    begin, end = text.index(BEGIN), text.index(END)
    return text[begin : end + len(END)]


if __name__ == "__main__":
    for path, words in ((README, ENGLISH), (RUSSIAN, IN_RUSSIAN)):
        before = path.read_text()
        path.write_text(before.replace(block(before), table(read_catalogue(), words)))
