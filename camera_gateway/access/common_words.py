"""Words that people make passwords of, and the rows of keys that they run along: data for `password_rules`.

Gathered by hand, in English, Russian and Kazakh, in lower case; what an attacker of a children's institution in
Kazakhstan tries first. Not a list of leaked passwords: an installation may name one in `[access] blocklist_file`.
"""

from __future__ import annotations

_ENGLISH = """
    password passw0rd pass word passwd secret secure security login signin welcome hello letmein enter access open
    admin administrator root user guest test demo default master manager service support system server network
    computer internet windows office router camera cameras video record recorder recording gateway stream footage
    monitor dvr nvr cctv hikvision dahua axis uniview reolink auditor audit viewer operator director teacher student
    school kinder garden kindergarten child children kid kids baby mother father mama papa family love lover sunshine
    princess prince angel flower star superstar super man woman girl boy friend friends forever happy lucky life
    summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december football soccer hockey baseball basketball chess game
    gamer monkey dragon tiger lion eagle wolf bear cat dog kitty puppy horse pony shadow ninja samurai pirate king
    queen batman superman spider pokemon mario starwars matrix money bank gold silver diamond black white red green
    blue yellow orange purple pink apple banana cherry cookie chocolate coffee cheese pizza freedom liberty peace
    victory winner champion power thunder lightning storm ocean river mountain forest moon sun earth world galaxy
    please changeme change new old temp temporary backup private public company business hospital medical clinic
    doctor nurse center centre social house home room door key one two three four five six seven eight nine ten zero
    abc xyz the and you iloveyou trustno1 whatever nothing something anything
    michael jennifer jessica ashley daniel thomas robert andrew charlie george alexander maria anna
"""
_RUSSIAN = """
    пароль привет секрет секретный вход доступ админ администратор директор завуч воспитатель учитель медсестра врач
    охрана охранник сторож система сервер компьютер интернет камера камеры видео видеонаблюдение запись наблюдение
    безопасность школа садик детсад детский сад дети ребенок дом центр социальный больница роддом группа комната
    спальня столовая игровая коридор мама папа сын дочь семья люблю любовь солнце солнышко зайка зайчик котик кошка
    собака звезда ангел принцесса королева король друг друзья жизнь счастье удача россия казахстан москва астана
    алматы аягоз абай семей караганда шымкент весна лето осень зима январь февраль март апрель май июнь июль август
    сентябрь октябрь ноябрь декабрь понедельник вторник среда четверг пятница суббота воскресенье красный синий
    зеленый черный белый желтый наташа саша маша даша катя оля лена света настя сергей андрей дима саня максим
    александр алексей владимир николай михаил марина ирина татьяна елена ольга светлана
    parol privet sekret admin direktor kamera shkola sadik deti rebenok mama papa semya lyubov lublu solnce solnyshko
    zaika kotik koshka sobaka zvezda angel princessa koroleva drug zhizn schastie rossiya kazakhstan kazahstan moskva
    astana almaty ayagoz abay abai semey karaganda shymkent nursultan natasha sasha masha dasha katya olya lena sveta
    nastya sergey andrey dima maksim aleksandr aleksey vladimir nikolay mihail marina irina tatyana elena olga svetlana
"""
_KAZAKH = """
    құпиясөз құпия сәлем мектеп балабақша бала балалар балам қауіпсіздік қызмет орталық ұстаз мұғалім дәрігер бейне
    камера ана әке әже ата жан жаным жүрек махаббат бақыт күн күнім айым жұлдыз гүл гүлім қазақстан қазақ отан ел
    алтын күміс арман айгүл айжан айнұр гүлнар динара мадина мәдина аружан әсем аян алихан нұрлан ерлан бауыржан
    салтанат самал дана дархан сәуле жанар кайрат қайрат наурыз көктем жаз күз қыс
    qupiasoz qupia salem mektep balabaqsha bala balalar ustaz mugalim darigher ana ake ata zhan zhanym jan janym
    zhurek mahabbat baqyt kun kunim zhuldyz gul gulim qazaqstan qazaq kazak otan altyn arman aigul aigerim aizhan
    ainur gulnar dinara madina aruzhan asem alihan nurlan erlan bauyrzhan saltanat samal dana darkhan saule zhanar
    kairat nauryz koktem
"""

COMMON = frozenset(word for text in (_ENGLISH, _RUSSIAN, _KAZAKH) for word in text.split() if len(word) > 2)  # noqa: PLR2004 - a pair of letters is no word
ROWS = (
    "1234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю.",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
)
