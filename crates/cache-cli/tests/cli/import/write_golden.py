"""Writes the caches that the tests of `import` read, with the libraries themselves.

Needs what is in benches/benches/compare/requirements.txt and a redis-server that may be flushed:

    python write_golden.py redis://127.0.0.1:6399 /path/to/a/folder/with/redisvl-0.6.0 > golden.jsonl

The folder holds the unpacked wheel of the oldest RedisVL that has an EmbeddingsCache: its fields have other names. One line
of JSON a key: the value as the server has it, and the vector of the text, bit for bit, as eight digits a number.
"""

import json
import os
import struct
import subprocess
import sys

MODEL = "text-embedding-3-small"
TEXTS = ["What is machine learning?", "머신 러닝이란 무엇인가요?", "two\nlines: and a colon", "naïve café ☕", " kept as it is "]
# Numbers of a service's JSON, as every client reads them, and the ends of what a float32 can be.
VECTORS = [
    [-0.006929283495992422, -0.005336422007530928, 4.547132266452536e-05, -0.024047505110502243],
    [0.1, 1 / 3, -2.0 ** -149, 3.4028234663852886e+38],
    [0, 1, -1, 1e-7],
    [0.02561652474105358, -0.0, 1.1754943508222875e-38, 0.9999999403953552],
    [0.5000000298023224, -0.25, 1e-45, -123456.7890625],
]


def bits(vector):
    return "".join(f"{struct.unpack('<I', struct.pack('<f', value))[0]:08x}" for value in vector)


def dumped(client, library, pairs):
    """Every key that the library left, and nothing of the server."""
    by_text = dict(pairs)
    for key in sorted(client.keys("*")):
        name = key.decode()
        line = {"library": library, "key": name}
        if client.type(key) == b"hash":
            fields = {field.decode(): value.decode() for field, value in client.hgetall(key).items()}
            line["fields"], line["text"] = fields, fields.get("content", fields.get("text"))
            if line["text"] == BYTES.decode():
                print(json.dumps({**line, "library": library + " bytes"}))
                continue
        else:
            line["value"], line["text"] = client.get(key).decode(), TEXT_OF[name]
        line["bits"] = bits(by_text[line["text"]])
        print(json.dumps(line, ensure_ascii=False))
    client.flushall()


TEXT_OF = {}
# Content of other kinds than text has a key of another form.
BYTES = b"bytes that could be a text"


def redisvl(url, client, pairs, library):
    from redisvl.extensions.cache.embeddings import EmbeddingsCache

    cache = EmbeddingsCache(redis_url=url)
    word = "content" if library != "redisvl 0.6.0" else "text"
    cache.mset([{word: text, "model_name": MODEL, "embedding": vector} for text, vector in pairs])
    if word == "content":
        cache.set(content=BYTES, model_name=MODEL, embedding=VECTORS[0])
        cache.set(content=TEXTS[0], model_name=MODEL, embedding=VECTORS[0], metadata={"source": "a test"})
    dumped(client, library, pairs)


def langchain(url, client, pairs, encoder, library, **store):
    from langchain_classic.embeddings import CacheBackedEmbeddings
    from langchain_community.storage import RedisStore
    from langchain_core.embeddings import Embeddings

    class Known(Embeddings):
        def embed_documents(self, texts):
            return [dict(pairs)[text] for text in texts]

        def embed_query(self, text):
            return dict(pairs)[text]

    cache = CacheBackedEmbeddings.from_bytes_store(
        Known(), RedisStore(redis_url=url, **store), namespace=MODEL, query_embedding_cache=True, key_encoder=encoder)
    for text, _ in pairs:
        before = set(client.keys("*"))
        cache.embed_query(text)
        (new,) = set(client.keys("*")) - before
        TEXT_OF[new.decode()] = text
    dumped(client, library, pairs)


def main():
    import redis

    url, old = sys.argv[1:3]
    client = redis.Redis.from_url(url)
    client.flushall()
    pairs = list(zip(TEXTS, VECTORS))
    if os.environ.get("OLD"):
        return redisvl(url, client, pairs, "redisvl 0.6.0")
    redisvl(url, client, pairs, "redisvl 0.28.0")
    for encoder in ["sha1", "blake2b", "sha256", "sha512"]:
        langchain(url, client, pairs, encoder, f"langchain-classic 1.0.8 {encoder}")
    langchain(url, client, pairs[:1], "sha256", "langchain-community 0.4.2 namespace", namespace="store")
    sys.stdout.flush()
    environment = {**os.environ, "OLD": "1", "PYTHONPATH": old}
    subprocess.run([sys.executable, __file__, url, old], env=environment, check=True)


main()
