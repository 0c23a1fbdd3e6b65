"""Whom a commit names, from its trailers."""

import pytest

from coordinaut_git.protocol.trailers import KEYS, Named, named_in

ANN = [("Agent-Instance", "ann-1"), ("Agent-Task", "AGT-20261122-001")]


def test_an_instance_and_its_tasks_are_named_in_any_order_and_case():
    named = Named(anybody=True, instance="ann-1", tasks=("AGT-20261122-001",), unclear=())
    assert named_in(ANN) == named
    assert named_in([(key.upper(), value) for key, value in reversed(ANN)]) == named
    assert named_in([("Signed-off-by", "x"), *ANN, ("Agent-Tasks", "y")]) == named
    assert named_in([*ANN, ("Agent-Task", "b"), ("agent-task", "c")]).tasks == ("AGT-20261122-001", "b", "c")


@pytest.mark.parametrize("trailers", [[], [("Signed-off-by", "x")], [("Agent-\u0130nstance", "x")]])
def test_other_trailers_name_nobody(trailers):
    assert not named_in(trailers).anybody


@pytest.mark.parametrize("key", KEYS)
def test_any_of_our_trailers_says_that_somebody_is_meant(key):
    assert named_in([(key, "")]).anybody
    assert named_in([(key, "x"), (key, "x")]).unclear


@pytest.mark.parametrize(
    "instance", ["", " ann", "ann bob", "../x", "-x", "x" * 129, "\x1b[0m", "\udcff", "ann\n", "\u0430nn"]
)
def test_what_is_no_instance_s_id_names_none(instance):
    named = named_in([("Agent-Instance", instance), ANN[1]])
    assert named.instance == ""
    assert len(named.unclear) == 1


def test_of_two_instances_none_is_named():
    assert named_in([*ANN, ("Agent-Instance", "bob-1")]).instance == ""
