#!/usr/bin/env python3
"""Computes e2e.json with OpenSSL (package `cryptography`), from the formulas of end-to-end encryption.

python3 tests/vectors/make_e2e.py BIP39_ENGLISH_WORD_LIST > tests/vectors/e2e.json
"""
import hashlib
import hmac
import json
import os
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id


def extract(salt, ikm):
    return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()


def expand(prk, info, size):
    out, block, n = b"", b"", 1
    while len(out) < size:
        block = hmac.new(prk, block + info + bytes([n]), hashlib.sha256).digest()
        out, n = out + block, n + 1
    return out[:size]


def lp(x):
    return len(x).to_bytes(2, "big") + x


def u32(x):
    return x.to_bytes(4, "big")


def seal(key, nonce, aad, plaintext):
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Participant:
    def __init__(self, side, instance):
        get = lambda name: bytes.fromhex(handshake[side + "_" + name])
        self.signer = Ed25519PrivateKey.from_private_bytes(
            expand(extract(b"", get("seed")), b"warzone-ed25519", 32))
        self.identity = get("identity_public")
        self.secret = get("ephemeral_secret")
        self.public = get("ephemeral_public")
        self.instance = bytes([instance]) * 16
        self.hello = (b"\x01\x01\x00" + u32(1) + self.instance + self.identity + self.public +
                      lp(b"e2e/1 media/2"))

    def auth(self, letter, key, have):
        signature = self.signer.sign(b"wzp-e2e/1 auth\0" + letter + transcript)
        aad = b"\x02" + bytes([have]) + lp(b"") + pair
        return (aad + seal(key, bytes(11) + bytes([have]), aad, signature)).hex()

    def sealed(self, key, counter, plaintext):
        aad = b"\x03" + pair + u32(counter)
        return (aad + seal(key, bytes(8) + u32(counter), aad, plaintext)).hex()


def media_key(secret, layout, sender, generation, step):
    okm = expand(secret, b"wzp-e2e/1 media\0" + bytes([layout]) + sender.identity +
                 sender.instance + u32(generation) + bytes([step]), 44)
    return okm[:32], okm[32:]


def key_row(layout, generation, step, secret):
    key, salt = media_key(secret, layout, a, generation, step)
    return {"layout": layout, "generation": generation, "step": step, "secret": secret.hex(),
            "epoch": (1 + generation % 15) << 4 | step, "key": key.hex(), "salt": salt.hex()}


def packet_row(layout, counter, header, plaintext, report, tag):
    key, salt = media_key(s0, layout, a, 0, 0)
    sealed = seal(key, xor(salt, bytes(8) + u32(counter)), header + report, plaintext)
    return {"layout": layout, "counter": counter, "header": header.hex(),
            "plaintext": plaintext.hex(), "report": report.hex(),
            "packet": (header + sealed[:len(plaintext) + tag] + report).hex()}


def words(identity):
    h = hashlib.sha512(b"wzp-e2e/1 words\0" + identity).digest()
    for _ in range(16384):
        h = hashlib.sha512(h + identity).digest()
    bits = int.from_bytes(h, "big") >> (512 - 66)
    return " ".join(word_list[bits >> 11 * (5 - i) & 2047] for i in range(6))


def signature(signer, statement):
    return {"signed_bytes": statement.hex(), "signature": signer.sign(statement).hex()}


here = os.path.dirname(os.path.abspath(__file__))
word_list = open(sys.argv[1]).read().split()
handshake = json.load(open(os.path.join(here, "session.json")))["handshake"]
room = b"46de10172c0bd3222eea8f521ac04d59"
a, b = Participant("caller", 0xA1), Participant("callee", 0xB2)
low, high = sorted((a, b), key=lambda p: p.identity + p.instance)
transcript = hashlib.sha256(b"wzp-e2e/1 pair\0" + lp(room) + lp(low.hello) +
                            lp(high.hello)).digest()
pair = transcript[:8]
shared = X25519PrivateKey.from_private_bytes(a.secret).exchange(
    X25519PublicKey.from_public_bytes(b.public))
prk = extract(transcript, shared + bytes(32))
okm = expand(prk, b"wzp-e2e/1 keys\0", 128)
keys = {"auth_low": okm[:32], "auth_high": okm[32:64], "msg_low": okm[64:96],
        "msg_high": okm[96:]}
s0 = bytes(range(0xC0, 0xE0))
s1 = expand(s0, b"wzp-e2e/1 ratchet\0", 32)
content = b"\x01" + u32(0) + b"\x00" + (65530).to_bytes(2, "big") + (6).to_bytes(2, "big") + s0
invite = bytes(range(16))
phrase = b"correct horse battery staple"
exporter, challenge = bytes(range(0x20, 0x40)), bytes(range(0x60, 0x80))
origin = b"https://voice.example"
psk_salt = hashlib.sha256(b"wzp-e2e/1 psk\0" + lp(room)).digest()[:16]
frame = bytes(range(0x30, 0x44))

print(json.dumps({
    "description": "End-to-end encryption, version 1: A is the caller and B the callee of session.json. "
                   "Computed with OpenSSL by make_e2e.py.",
    "room": room.decode(), "a_is_low": a is low,
    "a_hello": a.hello.hex(), "b_hello": b.hello.hex(),
    "transcript": transcript.hex(), "pair": pair.hex(), "prk": prk.hex(),
    "keys": {name: key.hex() for name, key in keys.items()},
    "a_auth": a.auth(b"H", keys["auth_high"], 0), "b_auth": b.auth(b"L", keys["auth_low"], 1),
    "sealed": [
        {"from": "a", "counter": 0, "kind": 1, "content": content[1:].hex(),
         "message": a.sealed(keys["msg_high"], 0, content)},
        {"from": "b", "counter": 1, "kind": 3, "content": "",
         "message": b.sealed(keys["msg_low"], 1, b"\x03")}
    ],
    "ratchet": {"secret": s0.hex(), "next": s1.hex()},
    "media_keys": [key_row(1, 0, 0, s0), key_row(1, 0, 1, s1), key_row(2, 0, 0, s0),
                   key_row(3, 16, 15, s0)],
    "packets": [
        packet_row(1, 6, bytes.fromhex("003400000000000000001000"), frame, b"", 16),
        packet_row(1, 7, bytes.fromhex("023400010000001400011000"), b"\x68",
                   bytes.fromhex("191e0c40"), 16),
        packet_row(2, 8, bytes.fromhex("801000020000"), frame, b"", 8),
        packet_row(3, 9, bytes.fromhex("c01000030000"), frame, b"", 16)
    ],
    "psk": {"invite_bytes": invite.hex(), "invite_text": "wzs1.AAECAwQFBgcICQoLDA0ODw",
            "invite_psk": expand(extract(b"wzp-e2e/1 psk\0", invite), lp(room), 32).hex(),
            "passphrase": phrase.decode(),
            "passphrase_psk": Argon2id(salt=psk_salt, length=32, iterations=3, lanes=1,
                                       memory_cost=65536).derive(phrase).hex()},
    "words": {"a": words(a.identity), "b": words(b.identity)},
    "bindings": {
        "exporter": exporter.hex(), "challenge": challenge.hex(), "origin": origin.decode(),
        "by_client": signature(a.signer, b"wzp-binding/1 exporter\0" + exporter + a.identity +
                               a.public),
        "by_relay": signature(b.signer, b"wzp-binding/1 relay\0" + exporter + b.identity +
                              a.public + b.public),
        "by_browser": signature(a.signer, b"wzp-binding/1 origin\0" + challenge + lp(origin) +
                                a.identity + a.public)
    }
}, indent=1))
