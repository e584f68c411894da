# ruff: noqa: E501, ISC004  # pages are data, their lines as they are served
"""Pages as operators, services and newspapers serve them, written for tests: notices and their innocent twins."""

NOTICES: dict[str, tuple[str, str]] = {
    "rostelecom": (
        "page.ru.notice.law_149",
        """<html><head><title>Доступ ограничен</title></head><body><h1>Доступ к&nbsp;информационному ресурсу
        ограничен</h1><p>на основании Федерального закона от 27 июля 2006 г. №&nbsp;149-ФЗ «Об информации,
        информационных технологиях и о защите информации».</p></body></html>""",
    ),
    "register with links": (
        "page.ru.notice.register",
        """<html><head><title>Внимание</title></head><body><p>Уважаемые пользователи! Доступ к запрашиваемому
        ресурсу <b>ограничен</b>.</p><ol><li>Доступ ограничен по решению суда.</li><li>Адрес включён в Единый
        реестр доменных имен: <a href="http://eais.rkn.gov.ru/">проверить</a></li></ol></body></html>""",
    ),
    "named body": (
        "page.ru.notice.state_decision",
        """<html><head><title>Доступ запрещён</title></head><body>Сайт заблокирован по решению органов
        государственной власти Российской Федерации.</body></html>""",
    ),
    "mgts": (
        "page.ru.mgts.notice",
        """<html><head><title>МГТС</title></head><body>Доступ к информационному ресурсу ограничен на основании
        Федерального закона № 149-ФЗ. <img src="http://blocked.mgts.ru/logo.png"></body></html>""",
    ),
    "beeline": (
        "page.ru.beeline.notice",
        """<title>Сайт заблокирован</title><p>Доступ к сайту заблокирован: он внесён в Единый реестр.</p>
        <a href="http://www.beeline.ru/customers/help/safe-beeline/">Подробнее</a>""",
    ),
    "ttk": (
        "page.ru.ttk.notice",
        "<title>TTK :: Доступ к ресурсу ограничен</title><p>Основание: 139-ФЗ. http://fz139.ttk.ru/</p>",
    ),
    "ttk, without its host": (
        "page.ru.notice.law_149",
        "<title>TTK :: Доступ к ресурсу ограничен</title><p>Основание: 139-ФЗ.</p>",
    ),
    "tele2": (
        "page.ru.tele2.notice",
        '<p>Доступ ограничен: сайт в Едином реестре</p><img src="//t2rkn.com/logo.png">',
    ),
    "ertelecom": (
        "page.ru.ertelecom.notice",
        "<title>Дом.ru</title><p>Доступ к сайту ограничен. Ресурс внесен в реестр запрещенных.</p>"
        "<a href='http://lawfilter.ertelecom.ru/'>Подробнее</a>",
    ),
    "ertelecom, without its host": (
        "page.ru.notice.register",
        "<title>Дом.ru</title><p>Доступ к сайту ограничен. Ресурс внесен в реестр запрещенных: "
        "<a href='http://eais.rkn.gov.ru/'>проверить</a></p>",
    ),
    "megafon": (
        "page.ru.megafon.notice",
        "<title>МегаФон</title><p>Доступ к ресурсу ограничен по решению суда, 149-ФЗ.</p>"
        "<img src='http://m.megafonpro.ru/rkn/logo.png'>",
    ),
    "megafon, without its host": (
        "page.ru.notice.law_149",
        "<title>МегаФон</title><p>Доступ к ресурсу ограничен по решению суда, 149-ФЗ.</p>",
    ),
    "entities": (
        "page.ru.notice.law_149",
        "<h1>&#1044;оступ к ресурсу ограничен</h1> согласно 149&#8209;ФЗ",
    ),
    "iran": (
        "page.ir.frame",
        '<html><head><title>M-T</title></head><body><iframe src="http://10.10.34.34?type=x"></iframe></body></html>',
    ),
    "turkey": (
        "page.tr.5651",
        "<p>5651 sayılı Kanun uyarınca bu internet sitesi hakkında idari tedbir uygulanmaktadır: "
        "ERİŞİME ENGELLENMİŞTİR</p>",
    ),
    "india": (
        "page.in.dot",
        "<p>The website has been blocked as per order of the Department of Telecommunications, "
        "Government of India.</p>",
    ),
    "indonesia": ("page.id.positif", "<title>Internet Positif</title><p>Situs ini diblokir.</p>"),
    "korea": (
        "page.kr.kcsc",
        "<p>불법·유해정보 차단 안내: 방송통신심의위원회의 심의에 따라 차단되었습니다.</p>",
    ),
    "kazakhstan": (
        "page.kz.mci",
        "<p>Доступ к ресурсу ограничен в соответствии с законодательством: закон Республики Казахстан.</p>",
    ),
    "belarus": (
        "page.by.mininfo",
        "<p>Доступ к сайту ограничен по решению Министерства информации Республики Беларусь.</p>",
    ),
    "emirates": (
        "page.ae.tdra",
        "<p>Access to this site is currently blocked. The site falls under the Prohibited Content Categories "
        "of the UAE's Internet Access Management Policy.</p>",
    ),
    "emirates, the other operator": (
        "page.ae.tdra",
        "<title>Surf Safely | This website is not accessible in the UAE.</title><p>Surf Safely!</p>",
    ),
    "pakistan": (
        "page.pk.pta",
        "<h1>Surf Safely!</h1><p>This website is not accessible. The site you are trying to access contains content "
        "that is prohibited for viewership from within Pakistan.</p>",
    ),
    "spain": (
        "page.es.court",
        "<title>Aviso</title><p>Contenido bloqueado por requerimiento de la Autoridad Competente, comunicado "
        "a esta Operadora</p>",
    ),
    "britain": (
        "page.gb.court",
        "<p>Access to this website has been blocked under an Order of the High Court.</p>",
    ),
}
"""Fingerprint and page."""

ARTICLE = """<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>Роскомнадзор сообщил, что
доступ к информационному ресурсу ограничен на основании Федерального закона № 149-ФЗ. По решению суда сайт внесён в
<a href="http://eais.rkn.gov.ru/">Единый реестр</a>. Юристы говорят, что по решению органов государственной власти
доступ к ресурсу ограничен уже год.</p>{rest}</article></body></html>"""
"""Quotes each phrase of a notice; what tells it apart is that it goes on."""
GOES_ON = (
    "<p>"
    + "Эксперты напомнили, что такие блокировки применялись и раньше, и объяснили, как они устроены. " * 80
)

INNOCENT: dict[str, str] = {
    "Turkish imprint": "<title>Site</title><p>5651 sayılı Kanun kapsamında yer sağlayıcıyız. Erişimin "
    "engellenmesi talepleri için bize yazın.</p>",
    "Kazakh authority's own 403": "<title>403</title><p>Доступ ограничен. Министерство Республики Казахстан. "
    "Права защищены законом.</p>",
    "Indian authority's own 403": "<p>Your IP is blocked. Government of India, National Informatics Centre.</p>",
    "Italian news": "<p>AGCOM: un provvedimento ordina l'oscuramento e l'inibizione di un sito pirata.</p>",
    "British news": "<p>The club was ordered by the High Court to pay. Access to the stadium was free.</p>",
    "Danish page": "<p>Min konto er blokeret, hvad er min ret?</p>",
    "Indonesian law blog": "<p>Peraturan perundang-undangan tentang situs terlarang dibahas di sini.</p>",
    "Thai shop": '<img src="https://farmdesign.example/x.png"><p>Spam blocked by our filter.</p>',
    "article": ARTICLE.format(title="Доступ ограничен: что известно", rest=GOES_ON),
    "short post without the law": "<title>Роскомнадзор</title><p>Роскомнадзор опять заблокировал сайт. Обсудим?</p>",
    "site's own 403": "<title>403</title><h1>Доступ ограничен</h1><p>Доступ к запрашиваемому ресурсу ограничен. "
    "Ваша учётная запись не обладает необходимыми привилегиями. Обратитесь в техподдержку.</p>",
    "law firm": "<title>Юрист</title><p>Консультации по 149-ФЗ и 152-ФЗ, защита в суде, договоры.</p>",
    "regulator": '<title>Роскомнадзор</title><a href="http://eais.rkn.gov.ru/">Единый реестр</a> <p>Новости, '
    "документы, контакты.</p>",
    "empty": "",
    "plain": "<html><head><title>Example Domain</title></head><body><h1>Example Domain</h1></body></html>",
    "operator's home page": "<title>МегаФон</title><p>Тарифы, акции, помощь.</p>"
    '<a href="https://www.beeline.ru">билайн</a>',
    "owner's page that names beeline": "<title>Зеркало</title><p>Доступ к сайту ограничен для абонентов Билайн. "
    "Откройте зеркало: mirror.example.org</p>",
    "beeline's own page on a tariff": "<title>Билайн</title><p>Доступ к ресурсу ограничен. На вашем тарифе "
    "доступны только мессенджеры и соцсети.</p>",
    "beeline's own help on infected sites": "<title>Билайн</title><p>Доступ к сайту ограничен: на нём вирусы.</p>"
    '<a href="http://www.beeline.ru/customers/help/safe-beeline/">Подробнее</a>',
    "owner's page that names megafon": "<title>Зеркало</title><p>Сайт заблокирован по решению суда у операторов "
    "МегаФон и МТС. Откройте зеркало mirror.example.org</p>",
    "megafon's name and a court": "<title>МегаФон</title><p>Доступ к ресурсу ограничен по решению суда.</p>",
    "owner's page that names dom.ru": "<title>Зеркало</title><p>Сайт заблокирован по решению суда в Дом.ru. "
    "Зеркало: mirror.example.org</p>",
    "hoster's page with a beeline number": "<title>Хостинг</title><p>Доступ к сайту ограничен: аккаунт не оплачен "
    "владельцем.</p><p>Телефон поддержки (Билайн): 8-800</p>",
    "a link to tele2's notices": "<title>Ссылки</title><a href=http://t2rkn.com/>t2rkn</a>",
    "ttk's refusal of its own customers": "<title>TTK :: Доступ к ресурсу ограничен</title><p>Войдите.</p>",
    "links to notice hosts of other countries": "<title>차단</title><p>차단 blocked: <a href=http://warning.or.kr/>1</a> "
    "<a href=http://siteblocked.om/>2</a> <a href=http://peyvandha.ir/1-1.html>3</a></p>",
    "a forged Iranian page, quoted": "<title>Log</title><p>the forged page: src=http://10.10.34.34?type=x</p>",
    "court news in English": "<title>News</title><p>The Court of Appeal and the High Court heard the case.</p>",
    "admin console": "<title>admin</title><p>The administrator blocked the account by order of management.</p>",
}

LOOKALIKES: dict[str, tuple[str, str]] = {
    "cloudflare": (
        "lookalike.cloudflare",
        "<title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>"
        '<div class="cf-error-details">Cloudflare Ray ID: 1</div>',
    ),
    "akamai": (
        "lookalike.akamai",
        "<TITLE>Access Denied</TITLE><H1>Access Denied</H1>You don't have permission to access "
        '"http://x/" on this server.<P>Reference #18.x</P>',
    ),
    "antibot that says restricted": (
        "lookalike.browser_antibot",
        "<title>Доступ ограничен</title><p>Доступ к сайту ограничен: мы заметили необычную активность. "
        "Отключите VPN. Закон 149-ФЗ.</p>",
    ),
    "nginx": (
        "lookalike.nginx_default",
        "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center>"
        "<hr><center>nginx/1.25</center></body></html>",
    ),
    "hoster": (
        "lookalike.hoster_suspended",
        "<title>Сайт заблокирован</title><p>Сайт заблокирован хостинг-провайдером. По решению суда? Нет: "
        "аккаунт заблокирован за неуплату.</p>",
    ),
    "captcha": (
        "lookalike.captcha",
        '<title>Access denied</title><div class="g-recaptcha" data-sitekey="x"></div>',
    ),
}

BESIDE_A_NOTICE: dict[str, tuple[str, str]] = {
    "unpaid bill": (
        "page.ru.unpaid_bill",
        "<title>Доступ ограничен</title><p>Доступ к ресурсу ограничен. Пополните баланс: на вашем счете "
        "недостаточно средств. Возможна и блокировка по 149-ФЗ.</p>",
    ),
    "captive portal": (
        "page.ru.captive_portal",
        "<title>Wi-Fi</title><p>Доступ к сайту ограничен. Необходимо пройти идентификацию (149-ФЗ).</p>",
    ),
    "child filter": (
        "page.ru.parental_filter",
        "<title>SkyDNS</title><p>Доступ к сайту ограничен, сайт заблокирован: SkyDNS. Закон 436-ФЗ.</p>",
    ),
    "office": (
        "page.ru.office_filter",
        "<title>UserGate</title><p>Доступ к ресурсу заблокирован (149-ФЗ). UserGate.</p>",
    ),
    "antivirus": (
        "page.ru.antivirus",
        "<title>Kaspersky</title><p>Доступ к сайту заблокирован. Kaspersky. Закон 149-ФЗ</p>",
    ),
}
"""Pages of the innocent scopes that quote the law as well."""
