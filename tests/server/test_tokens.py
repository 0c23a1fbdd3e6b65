"""Lists of tokens, read."""

import json
from hashlib import sha256

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.tokens import Grant, Role, Tokens, fixed_tokens

RED = {"team": "red", "role": "member"}
HEX = "ab" * 32


def digest(token):
    return sha256(token.encode()).hexdigest()


def of_file(tmp_path, listed):
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps(listed))
    return Tokens({}, file)


def test_one_token_is_admin_of_all_teams():
    tokens = Tokens(fixed_tokens("one", None))
    assert tokens.grant("one") == Grant(team=None, role=Role.ADMIN)
    assert tokens.grant("one").writes("any team")
    assert tokens.grant("two") is None


def test_a_token_of_a_team_is_for_that_team():
    grant = Tokens(fixed_tokens(None, json.dumps({"t": RED}))).grant("t")
    assert (grant.writes("red"), grant.reads("blue"), grant.reads("Red")) == (True, False, False)


def test_a_reader_reads():
    grant = Grant(team="red", role=Role.READ)
    assert (grant.reads("red"), grant.writes("red")) == (True, False)


@pytest.mark.parametrize("form", ["sha256:{}", "{}"])
def test_a_digest_in_a_file_stands_for_its_token_and_is_none_itself(tmp_path, form):
    tokens = of_file(tmp_path, {form.format(digest("secret")): RED})
    assert tokens.grant("secret").team == "red"
    assert tokens.grant(digest("secret")) is None
    assert tokens.grant(form.format(digest("secret"))) is None


def test_hexadecimal_digits_in_a_variable_are_a_token():
    tokens = Tokens(fixed_tokens(None, json.dumps({HEX: RED})))
    assert tokens.grant(HEX).team == "red"
    marked = Tokens(fixed_tokens(None, json.dumps({f"sha256:{digest('secret')}": RED})))
    assert marked.grant("secret").team == "red"


def test_the_digits_of_a_digest_are_read_in_any_case(tmp_path):
    assert of_file(tmp_path, {digest("secret").upper(): RED}).grant("secret")


def test_the_same_token_may_stand_twice_only_with_the_same_role(tmp_path):
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({digest("secret"): RED}))
    assert len(Tokens(fixed_tokens(None, json.dumps({"secret": RED})), file)) == 1
    with pytest.raises(CoordinautError) as caught:
        Tokens(fixed_tokens("secret", None), file)
    assert caught.value.code == "bad_tokens"


def test_a_token_with_bytes_that_are_no_text_is_not_known():
    assert Tokens(fixed_tokens("one", None)).grant("\udcff") is None


def test_an_empty_list_is_no_list(tmp_path):
    with pytest.raises(CoordinautError) as caught:
        of_file(tmp_path, {})
    assert caught.value.code == "no_tokens"
