"""What a request may hold at all. Rules 6 to 12 of docs/protocol.md."""

import pytest
from world import actor

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.wellformed import check_actor

NOT_PLAIN = ["a\nb", "a\x1b[31m", "a\0b", "a\x85b", "a\u2028b", "a\ud800b"]


@pytest.mark.parametrize("text", NOT_PLAIN)
@pytest.mark.parametrize("field", ["title", "scope"])
def test_r6_a_title_and_the_words_of_a_scope_are_one_plain_line(world, field, text):
    with world.refuses("control_character", Kind.INVALID):
        world.create(**{field: text})


def test_r6_a_title_has_at_most_200_characters_of_any_script(world):
    assert world.create(title="字" * 200, scope="é" * 200)["title"] == "字" * 200
    for field in ("title", "scope"):
        with world.refuses("text_too_long", Kind.INVALID):
            world.create(**{field: "x" * 201})


@pytest.mark.parametrize(
    ("agent", "code"),
    [
        (Actor(instance="a", agent="n" * 64, thread_id="t" * 128), None),
        (Actor(instance="a", agent="n" * 65), "text_too_long"),
        (Actor(instance="a", thread_id="t" * 129), "text_too_long"),
        (Actor(instance="a", agent="n\n"), "control_character"),
        (Actor(instance="a", thread_id="\x07"), "control_character"),
    ],
)
def test_r6_an_agents_name_and_thread_are_bounded(agent, code):
    if code is None:
        check_actor(agent)
        return
    with pytest.raises(CoordinautError) as caught:
        check_actor(agent)
    assert caught.value.code == code


def test_r6_a_checks_name_is_one_line(world):
    task = world.create()
    with world.refuses("control_character", Kind.INVALID):
        world.update("alice", task, check="un\nit=passed")


@pytest.mark.parametrize("field", ["next", "blocker"])
def test_r7_texts_may_have_several_lines_and_at_most_16_kib(world, field):
    task = world.create()
    world.update("alice", task, **{field: "one\ntwo\t" + "é" * (8 * 1024 - 4)})
    for text, code in [
        ("é" * (8 * 1024) + "x", "text_too_long"),
        ("a\0", "control_character"),
        ("\udcff", "control_character"),
    ]:
        with world.refuses(code, Kind.INVALID):
            world.update("alice", task, **{field: text})


def test_r7_a_message_may_have_several_lines_and_at_most_16_kib(world):
    longest = "one\ntwo\t" + "é" * (8 * 1024 - 4)
    assert world.say("alice", longest, broadcast=True)["text"] == longest
    for text, code in [(longest + "x", "text_too_long"), ("a\0", "control_character"), ("\udcff", "control_character")]:
        with world.refuses(code, Kind.INVALID):
            world.say("alice", text, broadcast=True)


@pytest.mark.parametrize("text", ["a\0", "\ud800", "x" * 16_385])
def test_r7_reasons_are_bounded_too(world, text):
    task = world.claim("alice", files="src/**")
    code = "control_character" if len(text) < 9 else "text_too_long"
    with world.refuses(code, Kind.INVALID):
        world.release("alice", task, reason=text)
    with world.refuses(code, Kind.INVALID):
        world.claim("bob", task, files="src/**", takeover_reason=text)


@pytest.mark.parametrize("name", ["a", "A9._:@+-", "9" * 128])
def test_r8_an_instances_id_is_plain_ascii(name):
    check_actor(Actor(instance=name))


@pytest.mark.parametrize("name", ["../x", "a/b", "-a", ".git", "a b", "é", "a\n", "x" * 129, "a<b>", "\ud800"])
def test_r8_any_other_instance_id_is_refused(world, name):
    with world.refuses("bad_identifier", Kind.INVALID):
        world.coordinator.run(ask.CreateTask(title="x"), Actor(instance=name))


def test_r9_a_scope_has_at_most_256_patterns(world):
    task = world.claim("alice", files=tuple(f"f{number}" for number in range(256)))
    assert len(task["lease"]["files"]) == 256
    with world.refuses("too_many_patterns", Kind.INVALID):
        world.claim("alice", task, files="one more")


def test_r9_other_lists_have_at_most_64_items(world):
    task = world.create()
    world.update("alice", task, check=tuple(f"{number}=passed" for number in range(64)))
    for field, items in {"check": "x=passed", "blocker": "x"}.items():
        with world.refuses("too_many", Kind.INVALID):
            world.update("alice", task, **{field: (items,) * 65})
    assert len(world.say("alice", " ".join(f"@a{n}" for n in range(64)))["mentions"]) == 64
    with world.refuses("too_many", Kind.INVALID):
        world.say("alice", " ".join(f"@a{n}" for n in range(65)))


@pytest.mark.parametrize("ttl", ["1s", "30d"])
def test_r10_a_term_may_last_from_a_second_to_30_days(world, ttl):
    world.claim("alice", files="x", ttl=ttl)


@pytest.mark.parametrize("ttl", ["999ms", "31d", "0s", "-1m", "1", "", "1w", "999999999d", "٣m"])
def test_r10_other_terms_are_refused(world, ttl):
    task = world.create()
    with world.refuses("bad_duration", Kind.INVALID):
        world.claim("alice", task, files="x", ttl=ttl)


def test_r10_a_term_is_30_minutes_if_nothing_is_said(world):
    assert world.claim("alice", files="x")["lease"]["expiresAt"] == "2026-11-22T16:30:00.000Z"


def test_r11_a_priority_is_0_to_4_and_2_if_nothing_is_said(world):
    task = world.create()
    assert task["priority"] == 2
    assert world.create(priority=0)["priority"] == 0
    assert world.update(None, task, priority=4)["task"]["priority"] == 4
    assert world.update(None, task, priority=0)["task"]["priority"] == 0
    for number in (-1, 5):
        with world.refuses("bad_priority", Kind.INVALID):
            world.create(priority=number)
        with world.refuses("bad_priority", Kind.INVALID):
            world.update(None, task, priority=number)


@pytest.mark.parametrize("blank", ["", "  ", "\u3000"])
def test_r12_a_title_and_a_takeovers_reason_are_not_blank(world, blank):
    task, other = world.claim("alice", files="x"), world.create()
    world.wait("31m")
    with world.refuses("empty_text", Kind.INVALID):
        world.create(title=blank)
    with world.refuses("empty_text", Kind.INVALID):
        world.update("bob", other, title=blank)
    with world.refuses("empty_text", Kind.INVALID):
        world.claim("bob", task, files="x", takeover_reason=blank)
    with world.refuses("empty_text", Kind.INVALID):
        world.say("bob", blank, broadcast=True)


def test_texts_that_look_like_paths_markup_or_commands_stay_data(world):
    title = "$(rm -rf /) ../../x <b>&amp; `x` \\ \" ' 🙂"
    task = world.create(title=title, scope="../..")
    assert (task["title"], task["scope"]) == (title, "../..")
    assert actor("alice").instance == "alice-1"
