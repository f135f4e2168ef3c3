"""The yardstick of the bench local_model: onnxruntime running the same graph.

Arguments: the ONNX file, the tokenizer.json, the number of threads. Reads a list of texts in JSON, each of words that
are one token each; answers with the mean of the first text's token vectors. Then, for every line it reads, runs the
texts once and answers with the seconds that took.
"""

import json
import sys
import time

import numpy
import onnxruntime

onnx, tokenizer, threads = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

with open(tokenizer, encoding="utf-8") as file:
    vocabulary = json.load(file)["model"]["vocab"]
texts = json.loads(sys.stdin.readline())
rows = [["[CLS]", *text.split(), "[SEP]"] for text in texts]
ids = numpy.array([[vocabulary[token] for token in row] for row in rows], dtype=numpy.int64)
inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids)}

(hidden,) = session.run(None, inputs)
print(json.dumps(hidden[0].mean(axis=0).tolist()), flush=True)

for _ in sys.stdin:
    start = time.perf_counter()
    session.run(None, inputs)
    print(time.perf_counter() - start, flush=True)
