#!/bin/sh
# Checks an unpacked package, or a directory of a bucket's files, with openssl (3.0 or newer) and sha256sum only:
#     sh verify.sh [DIRECTORY [SHA256:fingerprint-on-paper]]
# A line for each file that is not what was sealed; exit 0 when there is none, 1 when there is, 2 when nothing can be
# checked. What it proves and what not: HOW-TO-VERIFY. It changes nothing in the directory.
set -u
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")}" || exit 2
paper=${2:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
touch "$work/failed" "$work/named" "$work/listed" "$work/gone" "$work/unsound" "$work/renamed"

fail() { printf 'FAIL  %s: %s\n' "${1#./}" "$2" | tee -a "$work/failed"; }
hash() { sha256sum <"$1" | cut -d ' ' -f 1; }
print_of() { echo "SHA256:$(openssl pkey -pubin -in "$1" -pubout -outform DER 2>/dev/null | sha256sum | cut -d ' ' -f 1)"; }
named_key() { sed -n 's/^key: ed25519 \([^ ]*\).*/\1/p; /^---$/q' "$1" | head -n 1; }
key_file() { grep "^$(named_key "$1")  " "$work/keys" | head -n 1 | cut -c 74-; }
signed() {
    by=$(key_file "$1")
    [ -n "$by" ] && grep -qxF "$(named_key "$1")" "$work/trusted" &&
        openssl pkeyutl -verify -pubin -inkey "$by" -rawin -in "$1" -sigfile "${1%.txt}.sig" >/dev/null 2>&1
}

find . -type f | sort >"$work/files"
find . ! -type f ! -type d | while read -r file; do fail "$file" "not a plain file"; done
key=$(grep '/seal\.pub$' "$work/files" | head -n 1)
if [ -z "$key" ]; then echo "FAIL  seal.pub: missing: nothing can be checked without the public key"; exit 1; fi
print=$(print_of "$key")
grep '\.pub$' "$work/files" | while read -r file; do echo "$(print_of "$file")  $file"; done >"$work/keys"
if [ -z "$paper" ]; then echo "note  signed with key $print: compare it with the fingerprint on paper"
elif ! grep -q "^$paper  " "$work/keys"; then fail "$key" "not the key whose fingerprint was given"; fi

# a trusted key vouches for others: a seal announces the next one, EXPORT.txt lists those of the package
echo "${paper:-$print}" >"$work/trusted"
known=0
while [ "$(wc -l <"$work/keys")" -gt 1 ] && [ "$(wc -l <"$work/trusted")" -gt "$known" ]; do
    known=$(wc -l <"$work/trusted")
    grep -E '/(SEAL\.[^/]*|EXPORT)\.txt$' "$work/files" | while read -r text; do
        signed "$text" || continue
        sed -n 's/^key: .* next-key: ed25519 \(.*\)$/\1/p; /^---$/q' "$text"
        case $text in */EXPORT.txt) ;; *) continue ;; esac
        while read -r fingerprint file; do
            name=${file#"${text%EXPORT.txt}"}
            if grep -qxF "$(hash "$file")  $name" "$text"; then echo "$fingerprint"; fi
        done <"$work/keys"
    done | cat - "$work/trusted" | sort -u >"$work/more"
    mv "$work/more" "$work/trusted"
done

# 1. each seal is signed, and is the seal of the day that it is named after
if ! grep '/SEAL\.[^/]*\.txt$' "$work/files" >"$work/seals"; then
    if grep -q '^sealed-days: -  ' "$(grep '/EXPORT\.txt$' "$work/files" | head -n 1)" 2>/dev/null; then
        echo "note  not sealed when it was exported: EXPORT.txt alone vouches for it"
    else fail SEAL.txt "missing: nothing is proven"; fi
fi
while read -r seal; do
    sealed=$(sed -n 's/^day-utc: \([^ ]*\) .*/\1/p' "$seal")
    added=$(sed -n 's/^sealed-at: .* addendum: \(.*\)$/\1/p' "$seal" | sed 's/^-$//; s/^a/.a/')
    by=$(key_file "$seal")
    if [ -z "$by" ]; then fail "$key" "not the key that ${seal#./} names"
    elif [ ! -f "${seal%.txt}.sig" ]; then fail "${seal%.txt}.sig" "missing: nothing shows who signed"
    elif ! grep -qxF "$(named_key "$seal")" "$work/trusted"; then
        grep -qF " ${by#./}:" "$work/failed" || [ -n "$paper" ] && [ "$by" = "$key" ] ||
            fail "$by" "a key that was neither given nor announced by an earlier seal"
    elif ! signed "$seal"; then fail "$seal" "its signature does not fit: text or signature was changed"
    elif [ "${seal##*/}" != "SEAL.$sealed$added.txt" ]; then fail "$seal" "is the seal of $sealed under another name"
    else sed '1,/^---$/d' "$seal" >>"$work/named"; echo "$seal" >>"$work/sound"; continue; fi
    echo "$seal" >>"$work/unsound"
done <"$work/seals"

# 2. each seal follows the one that it names, where that one is here
if [ -f "$work/sound" ]; then while read -r seal; do
    site=$(sed -n 's/^\(site: [^ ]* *institution: [^ ]* \).*/\1/p' "$seal")
    sum=$(sed -n 's/^prev-seal-sha256: \([^ ]*\) .*/\1/p' "$seal")
    name=$(sed -n 's/^prev-seal-sha256: .* prev-seal: \(.*\)$/\1/p' "$seal")
    grep "/$name\$" "$work/sound" | while read -r before; do
        if grep -q "^$site" "$before" && [ "$(hash "$before")" != "$sum" ]; then
            fail "$before" "not the seal that ${seal##*/} follows: put back or made anew"
        fi
    done
done <"$work/sound"; fi

# 3. each list is the one that a seal names, and the three lists of a day are together
grep -E '\.(SHA256SUMS|INDEX\.jsonl|GAPS\.tsv)$|/TOMBSTONES\.[^/]*\.tsv$|/REGISTRY\.[^/]*\.json$' "$work/files" | while read -r list; do
    name=${list##*/}
    day=$(echo "$name" | sed 's/^[^.]*\.\([0-9-]*\(\.a[0-9]*\)\{0,1\}\)\..*/\1/')
    if grep -qxF "$(hash "$list")  $name" "$work/named"; then
        case $name in *.SHA256SUMS) cat "$list" >>"$work/listed" ;; TOMBSTONES.*) cat "$list" >>"$work/gone" ;; esac
    elif grep -qF "  $name" "$work/named"; then
        fail "$list" "not the list that its seal names: it was changed"
        case $name in *.SHA256SUMS) touch "$work/unlisted" ;; esac
    elif ! grep -qF "/SEAL.$day.txt" "$work/seals"; then fail "SEAL.$day.txt" "missing: nothing proves ${list#./}"
    elif ! grep -qF "/SEAL.$day.txt" "$work/unsound"; then fail "$list" "added: no seal names it"; fi
    case $name in TOMBSTONES.* | REGISTRY.*) continue ;; esac
    base=$(echo "$list" | sed -E 's/\.(SHA256SUMS|INDEX\.jsonl|GAPS\.tsv)$//')
    for kind in SHA256SUMS INDEX.jsonl GAPS.tsv; do [ -f "$base.$kind" ] || echo "$base.$kind"; done >>"$work/absent"
done
if [ -f "$work/absent" ]; then sort -u "$work/absent" | while read -r list; do fail "$list" "missing"; done; fi

# 4. EXPORT.txt, where there is one, is signed and lists what is here
export=$(grep '/EXPORT\.txt$' "$work/files" | head -n 1)
base=${export%EXPORT.txt}
if [ -n "$export" ] && ! signed "$export"; then
    fail "$export" "its signature does not fit: text or signature was changed"
    touch "$work/no-scope"
elif [ -n "$export" ]; then
    sed '1,/^---$/d' "$export" >"$work/exported"
    while read -r sum name; do
        if [ ! -f "$base$name" ]; then fail "$base$name" "missing: EXPORT.txt lists it"
        elif [ "$(hash "$base$name")" != "$sum" ] && ! grep -qF " ${base#./}$name:" "$work/failed"; then
            fail "$base$name" "not the file that EXPORT.txt lists: it was changed"
        fi
    done <"$work/exported"
fi

# 5. each other file is a segment that a list names, with the bytes that it names, and none is missing
while read -r file; do
    name=${file##*/}
    if grep -qF "  $name" "$work/listed"; then
        if ! grep -qxF "$(hash "$file")  $name" "$work/listed"; then
            grep -qF " ${file#./}:" "$work/failed" || fail "$file" "its bytes are not the listed ones"
            continue
        fi
        [ -n "$export" ] || continue
    fi
    if [ -f "$work/exported" ]; then
        case $name in EXPORT.txt | EXPORT.sig | EXPORT.tsr | EXPORT.p7s) continue ;; esac
        cut -c 67- "$work/exported" | grep -qxF "${file#"$base"}" || fail "$file" "added: EXPORT.txt does not list it"
    elif [ ! -f "$work/no-scope" ] && [ ! -s "$work/unsound" ]; then
        case $name in
            *.pub | SEAL.*.txt | SEAL.*.sig | SEAL.*.tsr | SEAL.*.p7s | *.SHA256SUMS | *.INDEX.jsonl | *.GAPS.tsv) ;;
            HEAD.txt) signed "$file" || fail "$file" "its signature does not fit: text or signature was changed" ;;
            HEAD.sig | REGISTRY.*.json | TOMBSTONES.*.tsv | verify.py | verify.sh | HOW-TO-VERIFY.*.txt) ;;
            *)
                was=$(grep "^$(hash "$file")  " "$work/listed" | head -n 1 | cut -c 67-)
                if [ -n "$was" ]; then
                    fail "$file" "is $was under another name"
                    echo "$was" >>"$work/renamed"
                elif [ ! -f "$work/unlisted" ]; then fail "$file" "added: no list names it"
                else case $name in *.mp4) ;; *) fail "$file" "added: no list names it" ;; esac; fi
                ;;
        esac
    fi
done <"$work/files"
if [ -z "$export" ]; then
    sed 's,.*/,,' "$work/files" | sort -u >"$work/here"
    while read -r sum name; do
        grep -qxF "$name" "$work/here" "$work/renamed" || grep -qF "$sum" "$work/gone" || fail "$name" "missing"
    done <"$work/listed"
fi

if [ -s "$work/failed" ]; then echo "FAILED: $(wc -l <"$work/failed") failures"; exit 1; fi
echo "OK: $(wc -l <"$work/seals") seals, $(wc -l <"$work/named") sealed lists, $(wc -l <"$work/listed") listed segments"
