"""The words of alerts in Kazakh, Russian and English: what it is, and what to do. Pure.

Promises a title and an advice for every code in every language. `{…}` are figures and ids of the alert's detail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("kk", "ru", "en")

LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "opened": "",
        "escalated": "Nobody has acknowledged: ",
        "reminder": "Still so: ",
        "resolved": "Resolved: ",
        "test": "Test: ",
        "several": "Camera Gateway: {count} alerts",
        "where": "Where",
        "sites": "Sites",
        "cameras": "Cameras",
        "more": "and {count} more",
        "since": "Since",
        "until": "Until",
        "lasted": "Lasted",
        "do": "What to do",
        "alert": "Alert",
        "installation": "the whole installation",
        "test-text": "This channel of Camera Gateway works. Nothing has to be done.",
        "unit.d": "d",
        "unit.h": "h",
        "unit.min": "min",
        "what.black": "black",
        "what.dark": "dark",
        "what.frozen": "frozen",
        "what.blurred": "blurred",
        "what.covered": "covered",
        "what.moved": "moved",
        "what.over-exposed": "over-exposed",
    },
    "ru": {
        "opened": "",
        "escalated": "Никто не подтвердил: ",
        "reminder": "Не устранено: ",
        "resolved": "Устранено: ",
        "test": "Проверка: ",
        "several": "Camera Gateway: тревог – {count}",
        "where": "Где",
        "sites": "Объекты",
        "cameras": "Камеры",
        "more": "и ещё {count}",
        "since": "С какого времени",
        "until": "До",
        "lasted": "Длительность",
        "do": "Что делать",
        "alert": "Тревога",
        "installation": "вся система",
        "test-text": "Этот канал тревог Camera Gateway работает. Делать ничего не нужно.",
        "unit.d": "дн.",
        "unit.h": "ч",
        "unit.min": "мин",
        "what.black": "чёрный кадр",
        "what.dark": "темно",
        "what.frozen": "кадр застыл",
        "what.blurred": "нерезко",
        "what.covered": "объектив закрыт",
        "what.moved": "вид изменён",
        "what.over-exposed": "засветка",
    },
    "kk": {
        "opened": "",
        "escalated": "Ешкім растаған жоқ: ",
        "reminder": "Әлі жойылмаған: ",
        "resolved": "Жойылды: ",
        "test": "Тексеру: ",
        "several": "Camera Gateway: {count} дабыл",
        "where": "Қайда",
        "sites": "Нысандар",
        "cameras": "Камералар",
        "more": "және тағы {count}",
        "since": "Қай уақыттан бері",
        "until": "Дейін",
        "lasted": "Ұзақтығы",
        "do": "Не істеу керек",
        "alert": "Дабыл",
        "installation": "бүкіл жүйе",
        "test-text": "Camera Gateway дабыл арнасы жұмыс істейді. Ештеңе істеудің қажеті жоқ.",
        "unit.d": "тәул.",
        "unit.h": "сағ",
        "unit.min": "мин",
        "what.black": "қара кадр",
        "what.dark": "қараңғы",
        "what.frozen": "кадр қатып қалды",
        "what.blurred": "бұлыңғыр",
        "what.covered": "объектив жабылған",
        "what.moved": "көрініс өзгерген",
        "what.over-exposed": "тым жарық",
    },
}

Words = dict[str, tuple[str, str]]

_EN: Words = {
    "camera-down": ("a camera does not deliver", "Check its power and cable; the camera's page says the cause."),
    "network-down": (
        "{count} cameras were lost at once",
        "They went within seconds of each other: look at the switch, its power and the line to it, not at each camera.",
    ),
    "gateway-down": (
        "the gateway does not record",
        "Look at the gateway's machine: is it on, does the recording service run? The cameras are not to blame.",
    ),
    "gateway-was-down": (
        "the gateway was off and nothing was recorded",
        "Find out why (power, restart), note it in the gap register, then acknowledge this alert.",
    ),
    "store-unreachable": (
        "the store does not answer",
        "Footage waits on the gateway meanwhile. Check the line and the store; see the page System.",
    ),
    "camera-flapping": (
        "a camera comes and goes",
        "Check cable, power supply and the camera's load; {figure:.0f} reconnects within half an hour.",
    ),
    "camera-clock": (
        "clocks of cameras are wrong",
        "Set their time server; the worst is off by {figure:.0f} s. Recordings carry the gateway's time all the same.",
    ),
    "picture-impaired": (
        "a camera's picture is impaired ({what})",
        "Compare it with the approved picture; clean, turn or repair the camera.",
    ),
    "device-changed": (
        "another device answers at a camera's address",
        "If you replaced the camera, say so on its page; if nobody did, treat it as an attempt to substitute it.",
    ),
    "outage-to-report": (
        "an outage has to be reported upward ({rule})",
        "Report it to the authority that the rule names, and enter to whom and when: {outage}.",
    ),
    "outage-report-overdue": (
        "the report of an outage is overdue ({rule})",
        "Report it now, and enter to whom and when: {outage}.",
    ),
    "incident-entered": (
        "an incident was entered",
        "Its footage is on hold. Open the register, send the notices to police and prosecutor.",
    ),
    "spool-horizon": (
        "footage will be lost in {hours} h",
        "The gateway's disk fills faster than uploads leave it: restore the line to the store, or make room.",
    ),
    "spool-loss-near": (
        "footage will be lost in {hours} h",
        "Act now: restore the line to the store, or make room on the gateway's disk.",
    ),
    "disk-low": (
        "the gateway's disk is nearly full",
        "{free_mb} MB are left. Free some room that is not the gateway's own; see the page System.",
    ),
    "store-property-failed": (
        "the store no longer does what it must: {what}",
        "Somebody may have changed the bucket. Compare its settings with the guide, then run doctor.",
    ),
    "audit-head-old": (
        "the audit log has not been anchored for {hours} h",
        "Check that the store takes objects; until then changes of the log could not be proven.",
    ),
    "seal-missing": (
        "a day has no seal: {what}",
        "See the log of the service for the reason, then run: camera-gateway seal make.",
    ),
    "witness-waiting": (
        "seals do not reach the witness",
        "Check the second party's mailbox, bucket or directory; {figure:.0f} seals wait.",
    ),
    "drill-failed": (
        "a drill found stored footage that is not as it was written",
        "Only {percent} % of the sample was good. Do not delete anything; run check --depth hash.",
    ),
    "clock-differs": (
        "the gateway's clock is not right",
        "Nothing is deleted until it is. Check the time service of the machine.",
    ),
    "certificate-ends": (
        "the certificate of the pages ends in {days} days",
        "Renew it and restart the service, before browsers refuse it.",
    ),
    "certificate-ends-now": (
        "the certificate of the pages ends in {days} days",
        "Renew it now and restart the service: browsers are about to refuse the pages.",
    ),
    "notices-failing": (
        "alerts do not get through on channel {where}",
        "Check its address, password and the line; what waits is sent again by itself.",
    ),
}

_RU: Words = {
    "camera-down": (
        "камера не передаёт изображение",
        "Проверьте питание и кабель; причина указана на странице камеры.",
    ),
    "network-down": (
        "одновременно пропала связь с камерами: {count}",
        "Они отключились в течение секунд: проверьте коммутатор, его питание и линию связи, а не каждую камеру.",
    ),
    "gateway-down": (
        "шлюз не ведёт запись",
        "Проверьте сервер шлюза: включён ли он, работает ли служба записи. Камеры исправны.",
    ),
    "gateway-was-down": (
        "шлюз был выключен, запись не велась",
        "Выясните причину (питание, перезапуск), внесите пояснение в журнал пропусков и подтвердите тревогу.",
    ),
    "store-unreachable": (
        "хранилище не отвечает",
        "Записи пока накапливаются на шлюзе. Проверьте канал связи и хранилище; см. страницу «Система».",
    ),
    "camera-flapping": (
        "связь с камерой неустойчива",
        "Проверьте кабель, блок питания и нагрузку камеры; переподключений за полчаса: {figure:.0f}.",
    ),
    "camera-clock": (
        "часы камер идут неверно",
        "Настройте сервер времени; худшее отклонение {figure:.0f} с. В записях всё равно указано время шлюза.",
    ),
    "picture-impaired": (
        "изображение камеры нарушено ({what})",
        "Сравните с утверждённым кадром; очистите, поверните или отремонтируйте камеру.",
    ),
    "device-changed": (
        "по адресу камеры отвечает другое устройство",
        "Если камеру заменили, отметьте это на её странице; если нет – это может быть попытка подмены.",
    ),
    "outage-to-report": (
        "о перерыве в работе нужно сообщить вышестоящему органу ({rule})",
        "Сообщите органу, указанному в требовании, и внесите, кому и когда: {outage}.",
    ),
    "outage-report-overdue": (
        "срок сообщения о перерыве в работе истёк ({rule})",
        "Сообщите немедленно и внесите, кому и когда: {outage}.",
    ),
    "incident-entered": (
        "зарегистрировано происшествие",
        "Записи защищены от удаления. Откройте журнал и направьте сообщения в полицию и прокуратуру.",
    ),
    "spool-horizon": (
        "через {hours} ч записи начнут теряться",
        "Диск шлюза заполняется быстрее, чем идёт выгрузка: восстановите связь с хранилищем или освободите место.",
    ),
    "spool-loss-near": (
        "через {hours} ч записи начнут теряться",
        "Действуйте немедленно: восстановите связь с хранилищем или освободите место на диске шлюза.",
    ),
    "disk-low": (
        "диск шлюза почти заполнен",
        "Осталось {free_mb} МБ. Удалите посторонние данные; см. страницу «Система».",
    ),
    "store-property-failed": (
        "хранилище больше не обеспечивает обязательное свойство: {what}",
        "Возможно, изменены настройки бакета. Сверьте их с руководством и выполните doctor.",
    ),
    "audit-head-old": (
        "журнал действий не закреплён в хранилище уже {hours} ч",
        "Проверьте, принимает ли хранилище объекты: до этого неизменность журнала не доказать.",
    ),
    "seal-missing": (
        "сутки не опечатаны: {what}",
        "Причина указана в журнале службы; затем выполните: camera-gateway seal make.",
    ),
    "witness-waiting": (
        "копии сводок не доходят до свидетеля",
        "Проверьте почтовый ящик, бакет или каталог второй стороны; ожидают отправки: {figure:.0f}.",
    ),
    "drill-failed": (
        "контрольная проверка нашла повреждённые записи",
        "Исправны только {percent} % выборки. Ничего не удаляйте; выполните check --depth hash.",
    ),
    "clock-differs": (
        "часы шлюза идут неверно",
        "До исправления ничего не удаляется. Проверьте службу времени на сервере.",
    ),
    "certificate-ends": (
        "сертификат портала истекает, осталось дней: {days}",
        "Продлите сертификат и перезапустите службу, пока браузеры его принимают.",
    ),
    "certificate-ends-now": (
        "сертификат портала истекает, осталось дней: {days}",
        "Продлите сертификат сейчас и перезапустите службу: скоро браузеры перестанут открывать портал.",
    ),
    "notices-failing": (
        "сообщения о тревогах не доходят по каналу {where}",
        "Проверьте его адрес, пароль и связь; ожидающие сообщения будут отправлены повторно.",
    ),
}

_KK: Words = {
    "camera-down": (
        "камера кескін бермейді",
        "Қуат көзі мен кабельді тексеріңіз; себебі камераның бетінде көрсетілген.",
    ),
    "network-down": (
        "{count} камерамен байланыс бір мезгілде үзілді",
        "Олар бірнеше секунд ішінде ажырады: әр камераны емес, коммутаторды, оның қуатын және желіні қараңыз.",
    ),
    "gateway-down": (
        "шлюз жазбай тұр",
        "Шлюз серверін тексеріңіз: қосулы ма, жазу қызметі жұмыс істей ме? Камералар кінәлі емес.",
    ),
    "gateway-was-down": (
        "шлюз өшіп қалды, жазба жүргізілмеді",
        "Себебін анықтаңыз (қуат, қайта іске қосу), үзілістер журналына түсіндірме енгізіп, дабылды растаңыз.",
    ),
    "store-unreachable": (
        "қойма жауап бермейді",
        "Әзірге жазбалар шлюзде жиналады. Байланыс арнасы мен қойманы тексеріңіз; «Жүйе» бетін қараңыз.",
    ),
    "camera-flapping": (
        "камерамен байланыс тұрақсыз",
        "Кабельді, қуат блогын және камераның жүктемесін тексеріңіз; жарты сағатта {figure:.0f} рет қайта қосылды.",
    ),
    "camera-clock": (
        "камералардың сағаты дұрыс емес",
        "Уақыт серверін баптаңыз; ең үлкен ауытқу {figure:.0f} с. Жазбаларда бәрібір шлюздің уақыты көрсетіледі.",
    ),
    "picture-impaired": (
        "камераның кескіні бұзылған ({what})",
        "Бекітілген кадрмен салыстырыңыз; камераны тазалаңыз, бұрыңыз немесе жөндеңіз.",
    ),
    "device-changed": (
        "камераның мекенжайында басқа құрылғы жауап береді",
        "Камераны ауыстырған болсаңыз, оның бетінде белгілеңіз; олай болмаса, бұл алмастыру әрекеті болуы мүмкін.",
    ),
    "outage-to-report": (
        "жұмыстағы үзіліс туралы жоғары тұрған органға хабарлау керек ({rule})",
        "Талапта көрсетілген органға хабарлап, кімге және қашан екенін енгізіңіз: {outage}.",
    ),
    "outage-report-overdue": (
        "жұмыстағы үзіліс туралы хабарлау мерзімі өтіп кетті ({rule})",
        "Дереу хабарлап, кімге және қашан екенін енгізіңіз: {outage}.",
    ),
    "incident-entered": (
        "оқиға тіркелді",
        "Жазбалар жоюдан қорғалды. Журналды ашып, полиция мен прокуратураға хабарламаларды жіберіңіз.",
    ),
    "spool-horizon": (
        "{hours} сағаттан кейін жазбалар жоғала бастайды",
        "Шлюздің дискісі жүктеуден тез толып барады: қоймамен байланысты қалпына келтіріңіз немесе орын босатыңыз.",
    ),
    "spool-loss-near": (
        "{hours} сағаттан кейін жазбалар жоғала бастайды",
        "Дереу әрекет етіңіз: қоймамен байланысты қалпына келтіріңіз немесе шлюз дискісінде орын босатыңыз.",
    ),
    "disk-low": (
        "шлюздің дискісі толуға жақын",
        "{free_mb} МБ қалды. Бөгде деректерді өшіріңіз; «Жүйе» бетін қараңыз.",
    ),
    "store-property-failed": (
        "қойма міндетті қасиетті енді қамтамасыз етпейді: {what}",
        "Бакеттің баптаулары өзгертілген болуы мүмкін. Оларды нұсқаулықпен салыстырып, doctor командасын орындаңыз.",
    ),
    "audit-head-old": (
        "әрекеттер журналы {hours} сағат бойы қоймада бекітілген жоқ",
        "Қойма нысандарды қабылдай ма, тексеріңіз: оған дейін журналдың өзгермегенін дәлелдеу мүмкін емес.",
    ),
    "seal-missing": (
        "тәуліктің қолтаңбасы жоқ: {what}",
        "Себебі қызметтің журналында көрсетілген; содан кейін мынаны орындаңыз: camera-gateway seal make.",
    ),
    "witness-waiting": (
        "қолтаңбалардың көшірмесі куәгерге жетпейді",
        "Екінші тараптың пошта жәшігін, бакетін немесе каталогын тексеріңіз; {figure:.0f} қолтаңба күтіп тұр.",
    ),
    "drill-failed": (
        "бақылау тексерісі бүлінген жазбаларды тапты",
        "Іріктеменің {percent} % ғана дұрыс. Ештеңені жоймаңыз; check --depth hash командасын орындаңыз.",
    ),
    "clock-differs": (
        "шлюздің сағаты дұрыс емес",
        "Түзетілгенше ештеңе жойылмайды. Сервердің уақыт қызметін тексеріңіз.",
    ),
    "certificate-ends": (
        "порталдың сертификатының мерзімі {days} күннен кейін бітеді",
        "Браузерлер қабылдап тұрғанда сертификатты ұзартып, қызметті қайта іске қосыңыз.",
    ),
    "certificate-ends-now": (
        "порталдың сертификатының мерзімі {days} күннен кейін бітеді",
        "Сертификатты қазір ұзартып, қызметті қайта іске қосыңыз: браузерлер порталды ашпай қоюға жақын.",
    ),
    "notices-failing": (
        "{where} арнасымен дабыл хабарламалары жетпей жатыр",
        "Оның мекенжайын, құпиясөзін және байланысты тексеріңіз; күтіп тұрған хабарламалар қайта жіберіледі.",
    ),
}

CODES_IN_WORDS: Mapping[str, Words] = {"en": _EN, "ru": _RU, "kk": _KK}
