"""Every sentence and figure in words that a judgement or a shipped standard can write, by code, in English. Pure.

A place `$name` is of the type that its name says (see `PLACES`); where a sentence has two of a type the second has a
number. The texts in `compliance/texts` say each code in every language; a test holds this list to the evaluators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)? (?:d|h|min|s)(?: \d+ (?:h|min|s))?"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = rf"{_DATE}T[\d:.]+Z"
_WORD = r"[A-Za-z][\w.-]*"
_LOSS = rf"[a-z-]+ {_LENGTH}"

PLACES: Mapping[str, str] = {
    # the name of a place: what may stand there
    "count": r"\d+",
    "number": r"[-+]?\d+(?:\.\d+)?",
    "share": r"\d+(?:\.\d+)?%",
    "length": _LENGTH,
    "term": r"\d+(?:mo|[smhdwy])",
    "time": _TIME,
    "date": _DATE,
    "dates": rf"{_DATE}(?:, {_DATE})*",
    "losses": rf"{_LOSS}(?:, {_LOSS})*",
    "who": r"\S+",
    "id": r"\S+",
    "fact": r"[\w-]+(?:\.[\w-]+)*",
    "metric": r"[\w-]+(?:\.[\w-]+)*",
    "ids": r"[^\s,]+(?:, [^\s,]+)*",
    "holds": r"hold-\d+(?:, hold-\d+)*",
    "cause": r"[a-z-]+",
    "words": r".*",
    "zone": r"[a-z_]+",
    "kind": r"[a-z_]+",
    "kinds": r"(?:\*|[a-z_]+(?:, [a-z_]+)*)",
    "process": _WORD,
    "impairments": r"[a-z-]+(?:, [a-z-]+)*",
    "fn": r"(?:p5|min|max|mean)",
    "property": r"(?:versioning|object-lock|lock-delete-refused)",
    "state": r"[a-z-]+",
    "result": r"[a-z_]+",
}
FAMILIES: Mapping[str, str] = {
    # places that hold words of closed lists, and the family of their texts
    "cause": "cause",
    "zone": "zone",
    "kind": "institution-kind",
    "kinds": "institution-kind",
    "process": "process",
    "impairments": "impairment",
    "fn": "function",
    "property": "property",
    "state": "state",
    "result": "result",
}

PHRASES: Mapping[str, str] = {
    "days": "each day $share kept with no hole over $length, bucket listed $time",
    "days-share": "each day $share kept, bucket listed $time",
    "days-gap": "each day no hole over $length, bucket listed $time",
    "days-any": "each day whatever is kept, bucket listed $time",
    "house-figures": "the text gives no such figure, it is the house profile's",
    "house-figure": "the text gives no figure, it is the house profile's",
    "house-tolerance": "how long it may be uncovered is taken from the house profile",
    "house-none": "the house profile has no figure for $metric",
    "incomplete": "incomplete: $dates",
    "incomplete-more": "incomplete: $dates and $count more",
    "nothing-on-days": "nothing was scheduled on any of these days",
    "retired": "the camera was retired on $date",
    "ratio": "$length of $length2, bucket listed $time",
    "missing": "missing: $losses",
    "nothing-due": "nothing was scheduled in the period, or all of it was deleted because its time was over",
    "nothing-in-hours": "nothing was scheduled in the hours that the rule is about",
    "not-listed": "the bucket has not been listed, so nothing can be said of what is in it",
    "holes": "$count holes longer than $length, bucket listed $time",
    "oldest": "from $time, bucket listed $time2",
    "oldest-none": "the bucket holds nothing of it that no hold keeps",
    "nobody-watched": "nobody could watch the camera in the period",
    "uptime": "down for $length of $length2 watched",
    "unseen": "nobody watched for $length",
    "windows": "$fn of $count windows of $length",
    "windows-over": "$fn of $count windows of $length, worst span of $term from $date",
    "nothing-recorded": "nothing was recorded in the period",
    "too-little-recorded": "too little was recorded in the period to count frames",
    "reports": "RTCP sender reports of $count of $count2 segments, the largest difference",
    "ntp-unknown": "whether the camera takes its time from NTP is not known",
    "clock-unknown": "the gateway's own clock: not known",
    "clock-good": "the gateway's own clock: synchronised",
    "clock-bad": "the gateway's own clock: NOT synchronised",
    "compared": "compared by $who on $date: $words",
    "no-sender-reports": (
        "the camera sends no sender reports, and nobody has compared its clock by hand (declare time.offset_s)"
    ),
    "scene": "$number px as recorded over $number2 m, declared by $who on $date",
    "no-scene": "the width of the scene is not declared, or not any more (declare scene.width_m)",
    "nobody-looked": "nobody has looked at the picture in the period",
    "no-reference": "there is no approved picture to compare with",
    "looks": "$count looks in the period",
    "impaired": "$impairments for $length",
    "night": "$count of $count2 looks between 22:00 and 05:00 saw more than black",
    "nobody-looked-at-night": "nobody has looked at the picture at night, and nobody declares it",
    "declared": "declared by $who on $date: $words",
    "holds-until": "holds until $date",
    "held-until": "that held until $date and must be declared anew",
    "not-declared": "$fact is not declared",
    "not-declared-applies": "$fact is not declared, so it is not known whether the rule applies",
    "not-declared-which": "$fact is not declared, so it is not known which figure applies",
    "not-declared-or-none": "$fact is not declared, or the table has no figure for it",
    "not-in-table": "$fact is $id, for which the table has no figure",
    "not-measured": "nothing measures $metric",
    "no-camera": "no camera is registered",
    "no-camera-there": "no camera is registered there",
    "cameras-there": "cameras there: $ids",
    "zone": "$count living of $count2 registered cameras",
    "too-few": "too few for $length of the period",
    "places": "how many such places there are is not declared: $ids",
    "drills": (
        "$count of $count2 segments of the whole installation came back whole, in $count3 drills, the latest "
        "$time with the seed $id"
    ),
    "no-drill": "no drill was held in the period",
    "no-canary": "the canary has not tried the store yet",
    "store": "$property: $state",
    "store-both": "$property: $state, $property2: $state2",
    "outages-missing": "cameras were down for up to $length, and the register of outages has none of it",
    "no-outage": "no outage in the period",
    "outages": "the worst of $count outages: number $count2, from $time",
    "outages-running": "$count of them still running",
    "too-late": "$count too late",
    "nothing-lost": "no camera was lost for more than $length",
    "losses": "losses: $count, reported in time: $count2, not reported in time: $count3",
    "losses-open": (
        "losses: $count, reported in time: $count2, not reported in time: $count3, whose time is not over: $count4"
    ),
    "first-loss": "the first: $id from $time",
    "not-in-register": "the register has no $process",
    "not-in-register-period": "the register has no $process in the period",
    "not-in-register-before": "the register has no $process up to the end of the period",
    "register": "$count in the register, $count2 dealt with in time, $count3 late, $count4 open",
    "no-deadline": "the text states no deadline",
    "register-last": "$count in the register, the last $date by $who",
    "went-by": "$count times more than $term went by",
    "reported-late": "$count reported too late",
    "entered": "$words, entered by $who",
    "binds": "the standard is for $kinds",
    "rule-binds": "the rule is for $kinds",
    "this-is": "this institution is $kind",
    "in-force-from": "the rule is in force from $date",
    "in-force-until": "the rule is in force until $date",
    "not-in-group": "the institution is not in $words",
    "includes-this": "$id includes this standard",
    "not-installed": "the standard $id is not installed",
    "registered-on": "the camera was registered on $date",
    "window-empty": "nothing of the window is stored here",
    "holds": "$holds",
    "no-hold": "no hold",
    "of-camera": "camera:$id",
    "of-institution": "institution:$id",
    "loss": "$cause $length",
    "figure-number": "$number",
    "figure-words": "$words",
    "figure-yes": "yes",
    "figure-no": "no",
    "figure-done": "done",
    "figure-least-not-stated": ">= ?",
    "figure-most-not-stated": "<= ?",
    "figure-equals-not-stated": "== ?",
    "figure-among-not-stated": "in ?",
    "figure-not-among-not-stated": "not_in ?",
    "figure-equals-yes": "== yes",
    "figure-equals-no": "== no",
    "figure-among": "in $ids",
    "figure-not-among": "not_in $ids",
    "figure-of": "$count of $count2",
    "figure-length": "$length",
    "figure-held": "$length of $length2 held",
    "figure-last": "last $date",
    "figure-result": "$count $result",
    "figure-living": "$count of $count2 living",
    "figure-zone": "$zone: $count living",
    "figure-each-place": "each of its places",
    "figure-no-camera-in": "no camera in $zone",
    "figure-zone-each": "$zone (each)",
    "figure-zone-not": "not $zone",
    "figure-zone-name": "$zone",
    "figure-every": "every $term",
    "figure-process-every": "$process every $term",
    "figure-after": "after $process",
    "figure-after-over": "after $process over $length",
    "figure-within": "within $length",
    "figure-no-deadline": "no deadline is stated",
    "figure-reported": "reported within $length",
    "figure-done-asked": "done, with evidence",
    "figure-kept": "kept from $date to $date2 until $date3",
    "figure-kept-open": "kept from $date to $date2 until further orders",
    "figure-kept-words": "kept from $date to $date2 until $words",
    "figure-include": "what $id asks",
    "note-two-agree": (
        "Two sources that look unrelated agree. What makes a day complete is taken from the house profile."
    ),
    "note-one-a-zone": (
        "One camera a zone is our reading; no count was seen. For how long a zone may be dark is the house's figure."
    ),
    "note-duration": "The duration was not seen.",
    "note-from-memory": (
        "From memory, seen in no text: such instructions usually refer to the annex of the national video "
        "monitoring system."
    ),
    "note-annex": "The annex was not reached.",
    "note-police": "A police official said that the order fixes the places (secondary). The list was not seen.",
    "note-period-told": "That a period is fixed is told by two secondary sources; the number was seen in none.",
    "note-minister": (
        "In 2021 a minister named wrong places, short storage and poor pictures as the usual faults; no figure."
    ),
    "note-no-storage": "No storage period was seen in any source.",
    "note-117": (
        "Order 117 is the instruction of its sector under this resolution; where both ask, the stricter one holds."
    ),
    "note-amendment": "Said of an amendment to order 379 of 2018. Whether this order has it too was not seen.",
    "note-news": (
        "The news text breaks off after the rooms of common use: the list is not whole. Counts are our reading."
    ),
    "note-ambiguous": "The source itself calls the wording of the time limit ambiguous.",
    "note-same-share": "The same share that makes a day complete. No source was seen.",
    "note-no-source": "No source was seen.",
    "note-four-hours": "The four hours imitate the reference; the day for the report itself is the house's.",
    "note-hygiene": "No Kazakh text on institutions was seen; rules elsewhere leave places of hygiene out.",
    "note-classes": "The edition of 2025 renames the classes; its figures were not seen.",
    "note-72-hours": "The rule gives the licensee at least 72 hours.",
    "note-grades": "The seconds of each grade were not reached.",
    "edition-text-not-seen": "$date, text not seen",
    "edition-annex-not-seen": "$date, annex not seen",
    "edition-2019-annex": "January 2019, annex not seen",
    "edition-told": "$date, as told by a secondary source",
    "edition-told-2026": "as told by a secondary source in autumn 2026",
    "edition-several-2026": "as told by secondary sources in autumn 2026",
    "edition-predecessor": "$date, video rule as told of its predecessor",
    "edition-collected-2026": "as collected in 2026",
    "authority-project": "this project",
    "authority-various": "various",
    "authority-government": "Government of the Republic of Kazakhstan",
    "authority-parliament": "Parliament of the Republic of Kazakhstan",
    "authority-education": "Minister of Education and Science of the Republic of Kazakhstan",
    "authority-education-interior": (
        "Minister of Education and Science and Minister of Internal Affairs of the Republic of Kazakhstan"
    ),
    "authority-health": "Minister of Health of the Republic of Kazakhstan",
    "authority-security": "Chairman of the National Security Committee of the Republic of Kazakhstan",
    "authority-labour": "Deputy Prime Minister, Minister of Labour and Social Protection of the Republic of Kazakhstan",
}
OPEN = ("declared", "compared", "entered")
"""Those with the words of a person, in which anything may stand."""
