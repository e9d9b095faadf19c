#!/usr/bin/env python3
"""Checks pseudonym.json with an implementation that shares nothing with ours.

Written from docs/pseudonym.md, RFC 9496, RFC 9497 and the BLAKE3 specification, with Python's standard library alone.
Everything is checked but AES-256-GCM, of which only the layout is. Not for production: nothing here runs in constant
time.

    python3 docs/vectors/check_pseudonym.py [file]
"""

import hashlib
import json
import pathlib
import struct
import sys

# --- ristretto255 (RFC 9496) -------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def is_negative(x):
    return x % P & 1


def absolute(x):
    return -x % P if is_negative(x) else x % P


def sqrt_ratio(u, v):
    """The non-negative root of u/v and True, or of SQRT_M1·u/v and False (RFC 9496 §4.2)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return check in (u % P, -u % P), absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, (-1 - D) % P)[1]
# Of the two roots, the one that RFC 9496 §4.1 lists.
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235

IDENTITY = (0, 1, 1, 0)


def add(p, q):
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(k, p):
    result = IDENTITY
    while k:
        if k & 1:
            result = add(result, p)
        p, k = add(p, p), k >> 1
    return result


def decode(data):
    """A point, or None for an encoding that is not canonical (RFC 9496 §4.3.1)."""
    s = int.from_bytes(data, "little")
    if s >= P or is_negative(s):
        return None
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inv = sqrt_ratio(1, v * u2 * u2 % P)
    den_x, den_y = inv * u2 % P, inv * inv * u2 * v % P
    x, y = absolute(2 * s * den_x), u1 * den_y % P
    t = x * y % P
    return None if not square or is_negative(t) or y == 0 else (x, y, 1, t)


def encode(point):
    """RFC 9496 §4.3.2."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    inv = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = inv * u1 % P, inv * u2 % P
    z_inv = den1 * den2 * t % P
    den = den2
    if is_negative(t * z_inv):
        x, y, den = y * SQRT_M1 % P, x * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if is_negative(x * z_inv):
        y = -y % P
    return absolute(den * (z - y)).to_bytes(32, "little")


def map_to_point(data):
    """The function MAP of RFC 9496 §4.3.4."""
    r0 = int.from_bytes(data, "little") % 2**255
    r = SQRT_M1 * r0 * r0 % P
    u, v = (r + 1) * (1 - D * D) % P, (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -absolute(s * r0) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


BASE = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))

# --- RFC 9497, VOPRF mode, ristretto255-SHA512 -------------------------------------------------------------------

CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def expand(message, label):
    """expand_message_xmd of RFC 9380 §5.3.1 with SHA-512, for 64 bytes."""
    label += bytes([len(label)])
    first = hashlib.sha512(bytes(128) + message + b"\x00\x40\x00" + label).digest()
    return hashlib.sha512(first + b"\x01" + label).digest()


def hash_to_group(message):
    wide = expand(message, b"HashToGroup-" + CONTEXT)
    return add(map_to_point(wide[:32]), map_to_point(wide[32:]))


def hash_to_scalar(message):
    return int.from_bytes(expand(message, b"HashToScalar-" + CONTEXT), "little") % ORDER


def sized(data):
    return struct.pack(">H", len(data)) + data


def weights(public, blinded, evaluated):
    seed = hashlib.sha512(sized(public) + sized(b"Seed-" + CONTEXT)).digest()
    return [
        hash_to_scalar(sized(seed) + struct.pack(">H", i) + sized(c) + sized(d) + b"Composite")
        for i, (c, d) in enumerate(zip(blinded, evaluated))
    ]


def combine(scalars, elements):
    total = IDENTITY
    for k, element in zip(scalars, elements):
        total = add(total, multiply(k, decode(element)))
    return total


def challenge(public, points):
    return hash_to_scalar(sized(public) + b"".join(sized(encode(point)) for point in points) + b"Challenge")


def prove(secret, public, blinded, evaluated, random):
    m = combine(weights(public, blinded, evaluated), blinded)
    c = challenge(public, [m, multiply(secret, m), multiply(random, BASE), multiply(random, m)])
    return [c, (random - c * secret) % ORDER]


def proof_holds(public, blinded, evaluated, proof):
    c, s = proof
    d = weights(public, blinded, evaluated)
    m, z = combine(d, blinded), combine(d, evaluated)
    t2 = add(multiply(s, BASE), multiply(c, decode(public)))
    t3 = add(multiply(s, m), multiply(c, z))
    return challenge(public, [m, z, t2, t3]) == c


# --- BLAKE3, for inputs of one chunk -----------------------------------------------------------------------------

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, ROOT, KEYED, CONTEXT_STRING, KEY_MATERIAL = 1, 2, 8, 16, 32, 64
COLUMNS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
DIAGONALS = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def rotate(x, n):
    return (x >> n | x << 32 - n) & 0xFFFFFFFF


def compress(chain, block, flags):
    words = list(struct.unpack("<16I", block.ljust(64, b"\0")))
    v = chain + IV[:4] + [0, 0, len(block), flags]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(COLUMNS + DIAGONALS):
            for word, first, second in ((words[2 * i], 16, 12), (words[2 * i + 1], 8, 7)):
                v[a] = v[a] + v[b] + word & 0xFFFFFFFF
                v[d] = rotate(v[d] ^ v[a], first)
                v[c] = v[c] + v[d] & 0xFFFFFFFF
                v[b] = rotate(v[b] ^ v[c], second)
        words = [words[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def blake3(data, key=None, mode=0):
    assert len(data) <= 1024, "one chunk is enough here"
    chain = IV if key is None else list(struct.unpack("<8I", key))
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    for i, block in enumerate(blocks):
        flags = mode | (CHUNK_START if i == 0 else 0) | (CHUNK_END | ROOT if i == len(blocks) - 1 else 0)
        chain = compress(chain, block, flags)
    return struct.pack("<8I", *chain)


def keyed_hash(key, data):
    return blake3(data, key, KEYED)


def derive_key(context, material):
    return blake3(material, blake3(context.encode(), None, CONTEXT_STRING), KEY_MATERIAL)


# --- Ketenwijzer (docs/pseudonym.md) -----------------------------------------------------------------------------


def binding(n_binding, holder):
    return derive_key("ketenwijzer 2026 subject binding v1", n_binding + holder.encode())


def subject_proof(key, grant):
    return keyed_hash(key, b"subject" + hashlib.sha256(grant.encode()).digest())


def birth_date_proofs(key, grant, date):
    """A proof for each precision that the eight digits have: day, month, year."""
    if date is None:
        return {"day": None, "month": None, "year": None}
    year, month, day = date[:4], date[4:6], date[6:]
    known = {
        "day": date if day != "00" else None,
        "month": year + month + "00" if month != "00" else None,
        "year": year + "0000",
    }
    start = b"birth-date" + hashlib.sha256(grant.encode()).digest()
    return {name: digits and keyed_hash(key, start + digits.encode()) for name, digits in known.items()}


def compare_birth_date(key, grant, held, given):
    own = birth_date_proofs(key, grant, held)
    for precision in ("day", "month"):
        if own[precision] is not None and given[precision] is not None:
            return "same " + precision if own[precision] == given[precision] else "different"
    return "unknown"


def digest(key, parts):
    data = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
    return keyed_hash(derive_key("ketenwijzer 2026 sealed column digest v1", key), data)[:16]


# --- The check ---------------------------------------------------------------------------------------------------

checked = 0


def check(what, made, published):
    global checked
    checked += 1
    if made != published:
        sys.exit(f"{what}: made {made!r}, published {published!r}")


def unhex(value):
    return [bytes.fromhex(one) for one in value] if isinstance(value, list) else bytes.fromhex(value)


def number(value):
    return int.from_bytes(bytes.fromhex(value), "little")


def times(k, element):
    return encode(multiply(k, decode(element)))


def scalar_hex(k):
    return k.to_bytes(32, "little").hex()


def check_primitives():
    """Published elsewhere: without these a shared mistake could pass."""
    check("RFC 9497 A.1.2 key", times(number("e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909"), encode(BASE)).hex(),
          "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e")
    blind = number("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706")
    check("RFC 9497 A.1.2.1 blinded", encode(multiply(blind, hash_to_group(b"\0"))).hex(),
          "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945")
    check("BLAKE3 of nothing", blake3(b"").hex(), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")
    check("BLAKE3 of abc", blake3(b"abc").hex(), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85")


def check_evaluation(what, secret, public, point, v):
    blinded, evaluated = unhex([v["blinded"]]), unhex([v["evaluated"]])
    check(what + " blinded", times(number(v["blind"]), point).hex(), v["blinded"])
    check(what + " evaluated", times(secret, blinded[0]).hex(), v["evaluated"])
    check(what + " proof", [scalar_hex(x) for x in prove(secret, public, blinded, evaluated, number(v["proofRandom"]))], v["proof"])
    check(what + " proof holds", proof_holds(public, blinded, evaluated, [number(x) for x in v["proof"]]), True)
    check(what + " element", times(pow(number(v["blind"]), -1, ORDER), evaluated[0]).hex(), v["element"])
    check(what + " element without blinding", times(secret, point).hex(), v["element"])


def check_subject(v, keys, grants):
    what, point = v["text"], unhex(v["hashToGroup"])
    check(what + " canonical", v["text"].encode().hex(), v["canonical"])
    check(what + " point", encode(hash_to_group(unhex(v["canonical"]))).hex(), v["hashToGroup"])
    for use, pair in (("index", keys["pseudonymiserIndex"]), ("binding", keys["pseudonymiserBinding"])):
        check_evaluation(f"{what} {use}", number(pair["secret"]), unhex(pair["public"]), point, v[use])
    k_p, k_p2 = (number(keys[name]["secret"]) for name in ("pseudonymiserIndex", "pseudonymiserIndexNext"))
    k_s, k_s2, k_tag = number(keys["switchboard"]), number(keys["switchboardNext"]), unhex(keys["tag"])
    check(what + " T", times(k_s, unhex(v["index"]["element"])).hex(), v["indexElement"])
    check(what + " T after k_s", times(k_s2 * k_p % ORDER, point).hex(), v["rekeyedSwitchboard"])
    check(what + " T after k_p", times(k_s * k_p2 % ORDER, point).hex(), v["rekeyedPseudonymiser"])
    check(what + " T after both", times(k_s2 * k_p2 % ORDER, point).hex(), v["rekeyedBoth"])
    for delta, name in (("deltaSwitchboard", "rekeyedSwitchboard"), ("deltaPseudonymiserIndex", "rekeyedPseudonymiser")):
        check(f"{what} {delta}", times(number(keys[delta]), unhex(v["indexElement"])).hex(), v[name])
    for generation, element in ((1, "indexElement"), (2, "rekeyedSwitchboard")):
        tag = keyed_hash(k_tag, struct.pack(">I", generation) + unhex(v[element])).hex()
        check(f"{what} tag {generation}", tag, v[f"tagGeneration{generation}"])
    for held in v["bindings"]:
        key = binding(unhex(v["binding"]["element"]), held["holder"])
        check(what + " binding", key.hex(), held["binding"])
        check(what + " subject proof", subject_proof(key, grants[0]).hex(), held["subjectProof"])
        check(what + " other grant", subject_proof(key, grants[1]).hex(), held["otherGrantSubjectProof"])
        for date in held["birthDateProofs"]:
            made = birth_date_proofs(key, grants[0], date["date"])
            for precision, proof in made.items():
                check(f"{what} {date['date']} {precision}", proof and proof.hex(), date[precision])


def check_batch(v, keys, subjects):
    pair = keys["pseudonymiserIndex"]
    secret, public = number(pair["secret"]), unhex(pair["public"])
    points = [unhex(s["hashToGroup"]) for s in subjects]
    blinded, evaluated = unhex(v["blinded"]), unhex(v["evaluated"])
    check("batch blinded", [times(number(r), p) for r, p in zip(v["blinds"], points)], blinded)
    check("batch evaluated", [times(secret, b) for b in blinded], evaluated)
    proof = prove(secret, public, blinded, evaluated, number(v["proofRandom"]))
    check("batch proof", [scalar_hex(x) for x in proof], v["proof"])
    check("batch proof holds", proof_holds(public, blinded, evaluated, proof), True)
    check("batch proof fails in another order", proof_holds(public, blinded, evaluated[::-1], proof), False)
    check("batch elements", v["elements"], [s["index"]["element"] for s in subjects])


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("pseudonym.json")
    v = json.loads(pathlib.Path(path).read_text())
    keys, grants = v["keys"], (v["grant"], v["otherGrant"])
    check_primitives()
    for name in ("pseudonymiserIndex", "pseudonymiserIndexNext", "pseudonymiserBinding"):
        check(name, times(number(keys[name]["secret"]), encode(BASE)).hex(), keys[name]["public"])
    for subject in v["subjects"]:
        check_subject(subject, keys, grants)
    check_batch(v["batch"], keys, v["subjects"])
    first = unhex(v["subjects"][0]["bindings"][0]["binding"])
    for row in v["birthDateComparisons"]:
        given = birth_date_proofs(first, grants[0], row["given"])
        check(f"held {row['held']}, given {row['given']}", compare_birth_date(first, grants[0], row["held"], given), row["outcome"])
    for row in v["digests"]:
        check("digest", digest(unhex(keys["row"]), unhex(row["parts"])).hex(), row["digest"])
    for row in v["sealed"]:
        sealed = unhex(row["sealed"])
        check("sealed layout", (sealed[:12].hex(), len(sealed)), (row["nonce"], len(unhex(row["plain"])) + 28))
    for text in v["refusedElements"]:
        point = decode(unhex(text))
        check("refused element", point is None or encode(point) == bytes(32), True)
    for text in v["refusedKeys"]:
        check("refused key", 0 < number(text) < ORDER, False)
    print(f"{checked} values agree")


if __name__ == "__main__":
    main()
