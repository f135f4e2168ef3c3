"""The rivals of the bench compare that are written in Python.

Arguments: the rival's name, the URL of a Redis server or a folder, a file of float32 vectors, their dimensions. Reads one
work a line in JSON and answers with what it took, in JSON; see main() for the works.
"""

import asyncio
import json
import os
import sys
import threading
import time
from urllib.parse import urlsplit

import numpy

MODEL = "text-embedding-ada-002"
TTL = 3600


class Provider:
    """Knows the vector of every text of the bench, counts what it is asked, and takes as long as it is told."""

    def __init__(self, vectors):
        self.vectors = vectors.tolist()
        self.lock = threading.Lock()
        self.calls = self.texts = 0
        self.seconds = 0.0

    def vector(self, text):
        number = text.rsplit(" ", 1)[-1]
        # Constructors ask for texts of their own.
        return self.vectors[int(number) % len(self.vectors) if number.isdigit() else 0]

    def count(self, texts):
        with self.lock:
            self.calls += 1
            self.texts += texts

    def embed(self, text, **_):
        self.count(1)
        time.sleep(self.seconds)
        return self.vector(text)

    def embed_many(self, texts, **_):
        self.count(len(texts))
        time.sleep(self.seconds)
        return [self.vector(text) for text in texts]

    async def aembed(self, text, **_):
        self.count(1)
        await asyncio.sleep(self.seconds)
        return self.vector(text)

    async def aembed_many(self, texts, **_):
        self.count(len(texts))
        await asyncio.sleep(self.seconds)
        return [self.vector(text) for text in texts]


class RedisVl:
    def __init__(self, url, provider):
        from redisvl.extensions.cache.embeddings import EmbeddingsCache
        from redisvl.utils.vectorize import CustomTextVectorizer

        self.cache = EmbeddingsCache(name="bench", redis_url=url, ttl=TTL)
        self.vectorizer = CustomTextVectorizer(
            embed=provider.embed, embed_many=provider.embed_many, aembed=provider.aembed,
            aembed_many=provider.aembed_many, cache=self.cache)
        # What the vectorizer calls the model in its keys.
        self.model = self.vectorizer.model

    def put_many(self, texts, vectors):
        self.cache.mset([{"content": text, "model_name": self.model, "embedding": vector}
                         for text, vector in zip(texts, vectors)])

    def get(self, text):
        return self.cache.get(content=text, model_name=self.model)["embedding"]

    def get_many(self, texts):
        return [entry["embedding"] for entry in self.cache.mget(contents=texts, model_name=self.model)]

    def ask_many(self, texts):
        return self.vectorizer.embed_many(texts)

    async def aget(self, text):
        return (await self.cache.aget(content=text, model_name=self.model))["embedding"]

    async def aask(self, text):
        return await self.vectorizer.aembed(text)


class LangChain:
    def __init__(self, url, provider):
        from langchain_classic.embeddings import CacheBackedEmbeddings
        from langchain_community.storage import RedisStore
        from langchain_core.embeddings import Embeddings

        class Known(Embeddings):
            def embed_documents(self, texts):
                return provider.embed_many(texts)

            def embed_query(self, text):
                return provider.embed(text)

            async def aembed_documents(self, texts):
                return await provider.aembed_many(texts)

            async def aembed_query(self, text):
                return await provider.aembed(text)

        self.cache = CacheBackedEmbeddings.from_bytes_store(
            Known(), RedisStore(redis_url=url, ttl=TTL), namespace=MODEL,
            query_embedding_cache=True, key_encoder="sha256")

    def put_many(self, texts, vectors):
        self.cache.document_embedding_store.mset(list(zip(texts, vectors)))

    def get(self, text):
        return self.cache.embed_query(text)

    def get_many(self, texts):
        return self.cache.embed_documents(texts)

    def ask_many(self, texts):
        return self.cache.embed_documents(texts)

    async def aget(self, text):
        return await self.cache.aembed_query(text)

    async def aask(self, text):
        return await self.cache.aembed_query(text)


class LiteLlm:
    def __init__(self, url, provider):
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm
        from litellm.caching.caching import Cache

        class Known(litellm.CustomLLM):
            async def aembedding(self, model, input, model_response, **_):
                vectors = await provider.aembed_many(input)
                model_response.data = [
                    {"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
                model_response.model = model
                return model_response

        litellm.suppress_debug_info = True
        litellm.custom_provider_map = [{"provider": "known", "custom_handler": Known()}]
        address = urlsplit(url)
        litellm.cache = Cache(type="redis", host=address.hostname, port=str(address.port), ttl=TTL)
        self.litellm = litellm

    async def ask(self, texts):
        answer = await self.litellm.aembedding(model=f"known/{MODEL}", input=texts, caching=True)
        return [item["embedding"] for item in answer.data]

    # It has no way to store but to ask; what it writes, it writes after it has answered.
    def put_many(self, texts, _):
        async def stored():
            await self.ask(texts)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=1) if others else None

        LOOP.run_until_complete(stored())

    def get(self, text):
        return LOOP.run_until_complete(self.ask([text]))[0]

    def get_many(self, texts):
        return LOOP.run_until_complete(self.ask(texts))

    ask_many = get_many

    async def aget(self, text):
        return (await self.ask([text]))[0]

    aask = aget


class DiskCache:
    def __init__(self, folder, provider):
        import diskcache

        self.cache = diskcache.Cache(folder)
        self.provider = provider

    def put_many(self, texts, vectors):
        with self.cache.transact():
            for text, vector in zip(texts, vectors):
                self.cache.set((MODEL, text), vector, expire=TTL)

    def get(self, text):
        return self.cache.get((MODEL, text))

    def get_many(self, texts):
        with self.cache.transact():
            return [self.cache.get((MODEL, text)) for text in texts]

    def ask_many(self, texts):
        found = self.get_many(texts)
        missing = [text for text, vector in zip(texts, found) if vector is None]
        computed = self.provider.embed_many(missing)
        self.put_many(missing, computed)
        computed = iter(computed)
        return [next(computed) if vector is None else vector for vector in found]

    async def aget(self, text):
        return await asyncio.to_thread(self.get, text)

    async def aask(self, text):
        return (await asyncio.to_thread(self.ask_many, [text]))[0]


RIVALS = {"redisvl": RedisVl, "langchain": LangChain, "litellm": LiteLlm, "diskcache": DiskCache}
LOOP = asyncio.new_event_loop()


class Works:
    """What main() can be asked; each gives what it answers."""

    def __init__(self, rival, provider):
        self.rival, self.provider = rival, provider
        self.texts = [f"a text of some length, number {number}" for number in range(1000)]
        self.new = 1_000_000
        self.next = 0

    def fresh(self, count):
        self.new += count
        return [f"a new text, number {number}" for number in range(self.new - count, self.new)]

    def store(self):
        self.rival.put_many(self.texts, [self.provider.vector(text) for text in self.texts])

    def single(self):
        self.next = (self.next + 1) % 1000
        assert len(self.rival.get(self.texts[self.next])) > 0

    def batch(self):
        assert len(self.rival.get_many(self.texts)) == 1000

    def partial(self):
        assert len(self.rival.ask_many(self.texts[:900] + self.fresh(100))) == 1000

    def concurrent(self):
        async def all_of_them():
            await asyncio.gather(*(self.rival.aget(text) for text in self.texts[:64]))

        LOOP.run_until_complete(all_of_them())

    def stampede(self):
        self.provider.calls, self.provider.seconds = 0, 0.05
        [text] = self.fresh(1)

        async def all_of_them():
            await asyncio.gather(*(self.rival.aask(text) for _ in range(64)))

        LOOP.run_until_complete(all_of_them())
        self.provider.seconds = 0.0
        return {"count": self.provider.calls}

    def duplicates(self):
        self.provider.texts = 0
        self.rival.ask_many(self.fresh(10) * 10)
        return {"count": self.provider.texts}

    def exact(self):
        found = self.rival.get_many(self.texts)
        wanted = [self.provider.vector(text) for text in self.texts]
        return {"count": sum(tuple(a) == tuple(b) for a, b in zip(found, wanted))}


def main():
    name, place, path, dimensions = sys.argv[1:]
    vectors = numpy.fromfile(path, dtype="<f4").reshape(-1, int(dimensions))
    provider = Provider(vectors)
    works = Works(RIVALS[name](place, provider), provider)
    # Libraries may write to standard output; answers go where it pointed to.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work = getattr(works, asked["work"])
        seconds = []
        for _ in range(asked["times"]):
            start = time.perf_counter()
            answer = work()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds, **(answer or {})}), file=answers, flush=True)


main()
