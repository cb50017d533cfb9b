#!/usr/bin/env python3
"""Computes session2.json with OpenSSL (package `cryptography`), from docs/wire/session.md alone.

python3 tests/vectors/make_session2.py > tests/vectors/session2.json
"""
import hashlib
import hmac
import json
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def extract(salt, ikm):
    return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()


def expand(prk, info, size):
    out, block, n = b"", b"", 1
    while len(out) < size:
        block = hmac.new(prk, block + info + bytes([n]), hashlib.sha256).digest()
        out, n = out + block, n + 1
    return out[:size]


def agree(secret, peer):
    return X25519PrivateKey.from_private_bytes(secret).exchange(
        X25519PublicKey.from_public_bytes(peer))


def exchange_public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)


def packet(transcript, key, side, epoch, number, aad, plaintext):
    okm = expand(extract(transcript, key),
                 b"wzp-session/2 " + side + b"\0" + epoch.to_bytes(4, "big"), 44)
    nonce = bytes(a ^ b for a, b in zip(okm[32:], bytes(8) + number.to_bytes(4, "big")))
    sealed = ChaCha20Poly1305(okm[:32]).encrypt(nonce, plaintext, aad)
    return {
        "side": side.decode(), "epoch": epoch, "number": number, "key": okm[:32].hex(),
        "salt": okm[32:].hex(), "aad": aad.hex(), "plaintext": plaintext.hex(),
        "packet": (bytes([epoch % 256]) + number.to_bytes(4, "big") + sealed).hex()
    }


here = os.path.dirname(os.path.abspath(__file__))
handshake = json.load(open(os.path.join(here, "session.json")))["handshake"]
get = lambda name: bytes.fromhex(handshake[name])
signer = {
    side: Ed25519PrivateKey.from_private_bytes(
        expand(extract(b"", get(side + "_seed")), b"warzone-ed25519", 32))
    for side in ("caller", "callee")
}
transcript = hashlib.sha256(b"wzp-session/2 transcript\0" + get("caller_identity_public") +
                            get("callee_identity_public") + get("caller_ephemeral_public") +
                            get("callee_ephemeral_public")).digest()
key0 = get("session_key")
secret_a, secret_b = bytes(range(0xA0, 0xC0)), bytes(range(0xC0, 0xE0))
public_a, public_b = exchange_public(secret_a), exchange_public(secret_b)
statement = b"wzp-session/2 rekey\0"
start = statement + b"SC" + transcript + (1).to_bytes(4, "big") + public_a
answer = statement + b"AR" + transcript + (1).to_bytes(4, "big") + public_b + public_a
key1 = expand(extract(key0, agree(secret_a, public_b)), b"warzone-rekey", 32)
header = bytes.fromhex("003400000000000000000000")
frame = bytes(range(0x30, 0x44))
print(json.dumps({
    "description": "session/2: the handshake of session.json, then a rekey started by the caller. "
                   "Computed with OpenSSL by make_session2.py.",
    "transcript": transcript.hex(),
    "rekey": {
        "caller_secret": secret_a.hex(), "callee_secret": secret_b.hex(),
        "start_signed_bytes": start.hex(), "answer_signed_bytes": answer.hex(),
        "start_public": public_a.hex(), "start_signature": signer["caller"].sign(start).hex(),
        "answer_public": public_b.hex(), "answer_signature": signer["callee"].sign(answer).hex(),
        "session_key": key1.hex()
    },
    "packets": [
        packet(transcript, key0, b"caller", 0, 0, header, frame),
        packet(transcript, key0, b"callee", 0, 0, header, frame),
        packet(transcript, key0, b"caller", 0, 1, b"", b""),
        packet(transcript, key1, b"caller", 1, 0, header, frame),
        packet(transcript, key1, b"callee", 1, 0, header, frame)
    ]
}, indent=1))
