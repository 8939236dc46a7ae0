#!/usr/bin/env python3
"""Compares the embedded engine with an implementation of its own, in numpy, from Marian's formulas.

usage: reference.py FOLDER [GOLDEN]

FOLDER is what the test `embedded::numbers::cases_are_written_for_the_reference` writes with RELAIS_WRITE_MODELS=FOLDER: models, vocabularies,
and `cases.json` with what relais makes of some texts. GOLDEN is a file to write what the network here makes of them, for the tests that have no numpy. Needs numpy only.
Exits with 1 if a number or a piece differs.

The network: a Transformer as encoder (post-norm), a decoder of SSRU cells with attention to the encoder, tied embeddings
(Kim et al. 2019, "From Research to Production and Back"; Vaswani et al. 2017). Quantised models round what a matrix is applied to by a
fixed multiplier ("alpha") and multiply integers.
"""
import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

EPSILON = 1e-6


def read_container(path):
    """Returns the tensors of a model, as floats in the orientation in which they are applied, and the sizes that it states."""
    data = path.read_bytes()
    version, count = struct.unpack_from("<QQ", data)
    assert version == 1
    headers = [struct.unpack_from("<QQQQ", data, 16 + 32 * i) for i in range(count)]
    at = 16 + 32 * count
    names, shapes, tensors = [], [], {}
    for length, *_ in headers:
        names.append(data[at : at + length].rstrip(b"\0").decode())
        at += length
    for _, _, rank, _ in headers:
        shapes.append(struct.unpack_from(f"<{rank}i", data, at))
        at += 4 * rank
    (padding,) = struct.unpack_from("<Q", data, at)
    at += 8 + padding
    for name, shape, (_, kind, _, length) in zip(names, shapes, headers):
        block, size = data[at : at + length], int(np.prod(shape))
        at += length
        if kind == 0x0404:
            tensors[name] = np.frombuffer(block, "<f4", size).reshape(shape)
        elif kind == 0x4101:
            whole = np.frombuffer(block, "i1", size).astype("i4")
            whole = whole.reshape(shape) if name.endswith("Wemb") else whole.reshape(shape[1], shape[0]).T
            tensors[name] = (whole, struct.unpack_from("<f", block, size)[0])
        else:
            text = block[:size].rstrip(b"\0").decode()
    sizes = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return tensors, {key.strip(): value.strip() for key, value in sizes.items()}


class Network:
    def __init__(self, path):
        self.weights, sizes = read_container(path)
        self.heads, self.encoder, self.decoder = (int(sizes[key]) for key in ("transformer-heads", "enc-depth", "dec-depth"))
        embeddings = self.weights["Wemb"]
        self.is_quantised = isinstance(embeddings, tuple)
        self.embeddings = embeddings[0] / np.float32(embeddings[1]) if self.is_quantised else embeddings
        self.dim = self.embeddings.shape[1]

    def affine(self, x, name, bias=None):
        """x·W + b, over integers if the model is quantised."""
        shift = self.weights[bias] if bias else np.float32(0)
        weights = self.weights[name]
        if not self.is_quantised:
            return x @ weights + shift
        whole, multiplier = weights
        alpha = self.weights[f"{name}_QuantMultA"].item()
        return self.product(x, whole, multiplier, alpha) + shift

    @staticmethod
    def product(x, whole, multiplier, alpha):
        rounded = np.clip(np.rint(x * np.float32(alpha)), -127, 127).astype("i4")
        return (rounded @ whole).astype("f4") * np.float32(1.0 / (alpha * multiplier))

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return centred / spread * self.weights[f"{name}_ln_scale"] + self.weights[f"{name}_ln_bias"]

    def place(self, positions):
        half = self.dim // 2
        speed = np.exp(np.arange(half) * -(math.log(10000) / (half - 1)))
        angle = np.outer(positions, speed)
        return np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype("f4")

    def attention(self, name, queries, keys):
        """Returns the result, and the weights of the first head."""
        width = self.dim // self.heads
        q, k, v = (self.affine(x, f"{name}_W{part}", f"{name}_b{part}") for part, x in (("q", queries), ("k", keys), ("v", keys)))
        parts, first = [], None
        for head in range(self.heads):
            part = slice(head * width, (head + 1) * width)
            scores = q[:, part] @ k[:, part].T / math.sqrt(width)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            first = scores if first is None else first
            parts.append(scores @ v[:, part])
        return self.affine(np.concatenate(parts, 1), f"{name}_Wo", f"{name}_bo"), first

    def feed_forward(self, x, name):
        inner = np.maximum(self.affine(x, f"{name}_W1", f"{name}_b1"), 0)
        return self.norm(self.affine(inner, f"{name}_W2", f"{name}_b2") + x, f"{name}_ffn")

    def encode(self, ids):
        x = self.embeddings[ids] * np.float32(math.sqrt(self.dim)) + self.place(np.arange(len(ids)))
        for layer in range(1, self.encoder + 1):
            name = f"encoder_l{layer}"
            x = self.norm(self.attention(f"{name}_self", x, x)[0] + x, f"{name}_self_Wo")
            x = self.feed_forward(x, f"{name}_ffn")
        return x

    def step(self, before, position, context, cells):
        """One step of the decoder: returns its logits and the attention of its last layer."""
        embedded = self.embeddings[[before]] * np.float32(math.sqrt(self.dim)) if position else np.zeros((1, self.dim), "f4")
        x = embedded + self.place([position])
        for layer in range(1, self.decoder + 1):
            name = f"decoder_l{layer}"
            candidate = self.affine(x, f"{name}_rnn_W")
            forget = 1 / (1 + np.exp(-self.affine(x, f"{name}_rnn_Wf", f"{name}_rnn_bf")))
            cells[layer] = forget * cells[layer] + (1 - forget) * candidate
            x = self.norm(np.maximum(cells[layer], 0) + x, f"{name}_rnn_ffn")
            found, looked = self.attention(f"{name}_context", x, context)
            x = self.norm(found + x, f"{name}_context_Wo")
            x = self.feed_forward(x, f"{name}_ffn")
        return self.logits(x)[0], looked[0]

    def logits(self, x):
        bias = self.weights["decoder_ff_logit_out_b"]
        if not self.is_quantised:
            return x @ self.embeddings.T + bias
        whole, multiplier = self.weights["Wemb"]
        return self.product(x, whole.T, multiplier, self.weights["none_QuantMultA"].item()) + bias

    def translate(self, ids, end):
        context, cells, written, rows, before = self.encode(ids), [np.zeros((1, self.dim), "f4")] * (self.decoder + 1), [], [], end
        first = None
        for position in range(min(2 * len(ids) + 4, 256)):
            logits, looked = self.step(before, position, context, cells)
            first = logits if first is None else first
            rows.append(looked)
            before = int(logits.argmax())
            if before == end:
                break
            written.append(before)
        return context, first, written, np.array(rows)


FIGURES = 16  # of each vector in the golden file


def main(folder, golden=None):
    cases = json.loads((folder / "cases.json").read_text())
    networks, worst, kept = {}, {}, []
    wrong = 0
    for case in cases:
        path = folder / case["model"]
        network = networks.setdefault(path, Network(path))
        context, first, written, rows = network.translate(case["read"], case["end"])
        errors = {
            "encoder": np.abs(context.ravel() - np.array(case["context"], "f4")).max(),
            "logits": np.abs(first - np.array(case["logits"], "f4")).max(),
            "alignment": np.abs(rows[: len(case["alignment"])] - np.array(case["alignment"], "f4")[: len(rows)]).max(),
        }
        is_same = written == case["written"]
        figures = lambda vector: [round(float(figure), 5) for figure in vector.ravel()[:FIGURES]]
        kept.append({"model": case["model"], "text": case["text"], "written": written, "logits": figures(first), "encoder": figures(context)})
        # Integers are equal, but a rounding at the edge may go the other way after other sums of floats.
        most = 0.05 if network.is_quantised else 1e-3
        for name, error in errors.items():
            key = (case["model"], name)
            worst[key] = max(worst.get(key, 0.0), float(error))
        if not is_same or max(errors.values()) > most:
            wrong += 1
            print(f"{case['model']}: {case['text']!r}: {errors}, pieces {'equal' if is_same else 'differ'}")
    for (model, name), error in sorted(worst.items()):
        print(f"{model:28} {name:10} largest difference {error:.2e}")
    print(f"{len(cases)} cases, {wrong} wrong")
    if golden:
        Path(golden).write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in kept) + "\n]\n", encoding="utf-8")
    return wrong > 0 or not cases


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
