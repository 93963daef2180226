"""Demos by meaning: an embedding model's vectors choose them, exactly and the same everywhere."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.demos.pools import nearest_sets
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.optimizers.estimate import embeddings_per_evaluation, estimate
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Choosing, NearestDemos
from optimizer.core.programs.example import Example
from optimizer.core.programs.likeness import most_alike
from optimizer.core.programs.lm import EmbeddingModel, Reply
from optimizer.core.programs.meanings import Matrix
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.steps import Embed
from optimizer.core.programs.vectors import LONGEST_TEXT, UNIT, Meanings, cosine, vector_of
from tests.core.programs import ONE_STEP
from tests.core.test_nearest_demos import pool
from tests.fakes.steps import held

MODEL = EmbeddingModel(1, "toy-embed")
SIMILARITY = METRIC_KINDS["similarity"]


def by_meaning(k: int = 2, **more) -> NearestDemos:
    return NearestDemos(k, pool(), embedding=MODEL, **more)


def shown(demos: NearestDemos, message: str) -> tuple[list[str], list[object]]:
    """The demos that a call of the program says, and all that it asked for."""
    said, asked = [], []

    def reply(prompt):
        said.append(prompt)
        return Reply('{"intent": "refund"}')

    candidate = baseline_of(ONE_STEP).with_module("classify", ModulePrompt("", demos))
    held(predict(ONE_STEP, candidate, {"message": message}), reply, asked)
    return [m.content for m in said[0].messages if m.role == "user"][:-1], asked


def test_rows_that_share_a_meaning_and_no_word_are_found():
    texts, _ = shown(by_meaning(1), "no package, no shipment, no courier")
    assert texts[0] in ("message: Where is my parcel", "message: The parcel is late")


def test_the_pool_and_the_input_are_asked_for_at_once_and_the_pool_alike_for_every_input():
    _, first = shown(by_meaning(), "a shipment")
    _, second = shown(by_meaning(), "a reimbursement")
    requests = [request for request in first if isinstance(request, Embed)]
    assert [len(request.texts) for request in requests] == [5, 1]
    assert requests[0] == next(r for r in second if isinstance(r, Embed))


@pytest.mark.parametrize("choosing", list(Choosing))
def test_a_row_and_its_duplicates_are_never_shown_to_themselves(choosing):
    texts, _ = shown(by_meaning(4, choosing=choosing, label="intent"), " where is MY  parcel")
    assert len(texts) == 4
    assert "message: Where is my parcel" not in texts


def test_an_empty_pool_asks_for_nothing():
    _, asked = shown(replace(by_meaning(), pool=pool(())), "a shipment")
    assert not any(isinstance(request, Embed) for request in asked)


def test_no_model_is_given_an_empty_text_or_one_without_end():
    _, asked = shown(by_meaning(), "")
    assert asked[1].texts == (" ",)
    _, asked = shown(by_meaning(), "x" * 50_000)
    assert asked[1].texts == ("x" * LONGEST_TEXT,)


def test_the_model_tells_choices_apart_and_words_are_as_they_always_were():
    words, other = NearestDemos(2, pool()), replace(by_meaning(), embedding=EmbeddingModel(1, "b"))
    assert len({str(each.content) for each in (words, by_meaning(), other)}) == 3
    assert words.content == ["nearest", 2, pool().digest, "nearest", "", []]


def vectors(count: int, length: int, seed: int = 1) -> tuple[bytes, ...]:
    rng = random.Random(seed)
    return tuple(vector_of(rng.gauss(0, 1) for _ in range(length)) for _ in range(count))


@pytest.mark.parametrize("length", [1, 3, 384, 4096])
@pytest.mark.parametrize("choosing", ["nearest", "diverse", "balanced"])
def test_numpy_and_the_standard_library_choose_the_very_same(length, choosing):
    known = vectors(40, length)
    asked = vectors(5, length, seed=2)
    labels = [str(n % 3) for n in range(40)]
    plain, fast = Meanings(known), Matrix(known)
    for vector in (*asked, known[7]):
        assert plain.scores(vector, 40) == fast.scores(vector, 40)
        assert most_alike(plain, vector, 6, choosing, labels) == most_alike(
            fast, vector, 6, choosing, labels
        )


def test_a_vector_is_a_direction_whatever_its_length_and_nothing_without_one():
    assert vector_of([3, 4]) == vector_of([3e200, 4e200]) == vector_of([3e-200, 4e-200])
    assert cosine(vector_of([1, 0]), vector_of([1, 1])) == pytest.approx(0.5**0.5, abs=1e-3)
    for nothing in ([], [0, 0], [float("nan")], [float("inf"), 1]):
        with pytest.raises(ValueError, match="no direction"):
            vector_of(nothing)
    assert len(vector_of([1.0] * 300)) == 600
    assert UNIT**2 < 2**24


def test_vectors_of_two_models_are_never_compared():
    for index in (Meanings(vectors(3, 8)), Matrix(vectors(3, 8))):
        with pytest.raises(ValueError, match="two models"):
            index.scores(vectors(1, 9)[0], 1)


def score(metric, given, expected):
    steps = judged(metric, Example("1", {}, {"best": expected}), Prediction({"answer": given}))
    return held(steps, lambda prompt: Reply(""))


def test_similarity_judges_by_meaning_and_takes_the_nearest_of_several_answers():
    metric = SIMILARITY("answer", "best", embedding=MODEL)
    near = score(metric, "my parcel", "the shipment").score.value
    far = score(metric, "my parcel", "a password").score.value
    assert near > 0.8 > far
    assert score(metric, "my parcel", ["a password", "the shipment"]).score.value == near
    right = replace(metric, least=0.8)
    assert score(right, "my parcel", "the shipment").score.value == 1.0
    assert score(right, "my parcel", "a password").score.value == 0.0


def test_similarity_of_nothing_asks_nothing_and_without_a_model_there_is_no_score():
    metric = SIMILARITY("answer", "best", embedding=MODEL)
    assert score(metric, "", "a refund").score.value == 0.0
    assert score(metric, "", "").score.value == 1.0
    lacking = score(SIMILARITY("answer", "best"), "a", "b")
    assert lacking.score is None
    assert "embedding model" in lacking.error


def run_of(**changes) -> RunSpec:
    rows = tuple(Example(f"t{n}", {"message": f"m {n}"}, {"intent": "refund"}) for n in range(40))
    settings = Settings(nearest_demos=3, max_labeled_demos=4, max_bootstrapped_demos=2)
    spec = RunSpec(
        ONE_STEP, METRIC_KINDS["exact_match"]("intent", "intent"), "racing", settings, {},
        rows, rows, rows,
    )  # fmt: skip
    return replace(spec, **changes)


def test_a_search_tries_meaning_beside_words_where_the_run_has_an_embedding_model():
    (module,) = ONE_STEP.modules
    words = nearest_sets(run_of(), module, ())
    both = nearest_sets(run_of(embedding=MODEL), module, ())
    assert [each for each in both if each.embedding is None] == list(words)
    assert [each.embedding for each in both].index(MODEL) < 3


def test_an_estimate_counts_what_is_embedded_and_a_run_without_vectors_counts_nothing():
    plain, searched = estimate(run_of()), estimate(run_of(embedding=MODEL))
    assert plain.embedding_calls == (0, 0)
    assert searched.embedding_calls[0] == 0
    assert searched.embedding_calls[1] >= 40 + -(-40 // 16)
    assert searched.calls[1] == plain.calls[1] + searched.embedding_calls[1]
    own = replace(ONE_STEP, modules=(replace(ONE_STEP.modules[0], demos=by_meaning()),))
    used = estimate(run_of(program=own))
    assert used.embedding_calls[0] > 0
    judged_by = run_of(metric=SIMILARITY("intent", "intent", embedding=MODEL))
    assert estimate(judged_by).embedding_calls[0] > 0
    counts = [embeddings_per_evaluation(s) for s in (run_of(), run_of(program=own), judged_by)]
    assert counts == [0, 1, 1]


def test_a_run_names_every_model_that_its_parts_need():
    own = replace(ONE_STEP, modules=(replace(ONE_STEP.modules[0], demos=by_meaning()),))
    other = EmbeddingModel(2, "other")
    metric = SIMILARITY("intent", "intent", embedding=other)
    assert run_of(program=own, metric=metric, embedding=MODEL).embedding_models == (MODEL, other)
    assert run_of().embedding_models == ()
