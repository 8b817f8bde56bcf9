"""Files of questions: what can be read, under which names, and what is wrong with the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.json_lines import digest
from arena.question_file import Question, read, write

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)


def lines(folder, *rows):
    file = folder / "questions.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_a_question_and_its_answer(tmp_path):
    file = lines(
        tmp_path, {"question": " What is 2 + 3? ", "answer": 5, "level": 1}, "", {"answer": ".5", "question": "?"}
    )
    assert read(file) == (Question("What is 2 + 3?", "5"), Question("?", ".5"))


def test_the_names_and_forms_of_published_benchmarks(tmp_path):
    gsm8k = {"question": "How many clips?", "answer": "She sold 48/2 = <<48/2=24>>24.\n#### 1,024"}
    competition = {
        "problem": "Compute.",
        "solution": r"We get $\boxed{1}$, so the answer is $\boxed{\frac{2}{x^{3}}}$.",
    }
    both = {"problem": "Find x.", "solution": r"Hence \boxed{7}.", "answer": "x = 7"}
    file = lines(tmp_path, gsm8k, competition, both)
    assert [question.answer for question in read(file)] == ["1,024", r"\frac{2}{x^{3}}", "x = 7"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("{", "line 2 is no JSON (expecting property name"),
        ("[" * 100_000, "line 2 is no JSON"),
        ("[1, 2]", 'line 2 is no object: write {"question"'),
        ({"query": "?", "answer": "1"}, "line 2 has no 'question' or 'problem', but query, answer"),
        ({"question": "?"}, "line 2 has no 'answer' or 'solution', but question"),
        ({"question": "?", "answer": None}, "line 2 has None as its answer: give text, or a number"),
        ({"question": "?", "answer": True}, "line 2 has True as its answer"),
        ({"question": "?", "answer": ["1"]}, "line 2 has ['1'] as its answer"),
        ({"question": " ", "answer": "1"}, "line 2 has ' ' as its question"),
        ({"question": "?", "answer": "nothing comes\n####"}, "line 2 has an empty answer"),
        ({"question": "\ud800?", "answer": "1"}, "line 2 has half of a surrogate pair in its question"),
        ({"question": "2 + 2", "answer": "5"}, "line 2 asks what line 1 asks"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path, row, sentence):
    file = lines(tmp_path, {"question": "2 + 2", "answer": "4"}, row)
    with pytest.raises(ConfigError) as error:
        read(file)
    assert str(error.value).startswith(f"{file}, {sentence}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="holds no questions"):
        read(lines(tmp_path, "", ""))
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "bytes.jsonl")


@given(pairs=st.dictionaries(texts, texts.filter(lambda t: "####" not in t and "\\boxed{" not in t), min_size=1))
def test_what_is_written_is_read_again(tmp_path_factory, pairs):
    file = tmp_path_factory.mktemp("written") / "questions.jsonl"
    questions = tuple(Question(*pair) for pair in pairs.items())
    write(file, questions)
    assert read(file) == questions
    assert digest(read(file)) == digest(questions)


def test_nothing_is_overwritten(tmp_path):
    write(tmp_path / "a.jsonl", [Question("?", "1")])
    with pytest.raises(ConfigError, match="exists already"):
        write(tmp_path / "a.jsonl", [Question("?", "2")])
    with pytest.raises(ConfigError, match="cannot be written: no such file"):
        write(tmp_path / "nowhere" / "a.jsonl", [])
    assert read(tmp_path / "a.jsonl") == (Question("?", "1"),)


def test_the_digest_tells_files_apart():
    one, other = Question("?", "1"), Question("!", "2")
    different = [[one], [other], [one, other], [other, one], [Question("?", "2")], [Question("?1", "")]]
    assert len({digest(questions) for questions in different}) == len(different)
