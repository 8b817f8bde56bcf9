"""Solutions from files: the shapes of five published benchmarks, in problems of our own, and what is no such file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.games.worked import Worked, check, unchanged
from arena.games.worked_files import FORMS, load, sentences

GSM8K = {
    "question": "Mia has 12 pens and buys 3 boxes of 8. She gives half away. How many are left?",
    "answer": "She buys 3*8=<<3*8=24>>24 pens.\nThen she has 12+24 = <<12+24=36>>36 pens.\n\n"
    "Half of them are 36/2 = $<<36/2=18>>18.\n#### 18",
}
MATH = {
    "problem": "What is $\\frac{1}{2} + \\frac{1}{3}$?",
    "level": "Level 1",
    "type": "Prealgebra",
    "solution": "We write both over $6$. Then $\\frac{3}{6} + \\frac{2}{6}$ is \\[\\frac{5}{6}. A\\] and no more.\n\n"
    "So the answer is $\\boxed{\\frac{5}{6}}$.",
}


def offered(*steps, chosen=0, human=None):
    completions = [{"text": text, "rating": rating, "flagged": None} for text, rating in steps]
    return {"completions": completions, "human_completion": human, "chosen_completion": chosen}


def rated(*steps, reason="solution"):
    return {
        "labeler": "someone",
        "timestamp": "2023-01-01T00:00:00.000000",
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {"problem": "What is 2 + 3 * 4?", "ground_truth_answer": "14"},
        "label": {"steps": list(steps), "total_time": 1000, "finish_reason": reason},
    }


PRM800K = rated(
    offered(("First the product.", 0)),
    offered(("3 * 4 = 7", -1), ("3 * 4 = 12", 1), ("It is 12, I think.", 0), ("Twelve.", 1), chosen=1),
    offered(("2 + 12 = 15", -1), ("2 + 12 = 14", 1), ("2 * 12 = 24", -1), chosen=None),
    reason="found_error",
)
PROCESSBENCH = {
    "id": "gsm8k-7",
    "generator": "some-model",
    "problem": "What is 4 * 5 - 3?",
    "steps": ["4 * 5 = 20", "20 - 3 = 16", "The answer is \\boxed{16}."],
    "final_answer_correct": False,
    "label": 1,
}


def section(start, content):
    return {"start": start, "end": start, "description": "a part", "content": content, "section_type": "Reasoning"}


DELTABENCH = {
    "id": "0f",
    "origin": "ours",
    "task_l1": "math",
    "task_l2": "Algebra",
    "level": 2.0,
    "question": "What is 1 + 1 + 1?",
    "solution": "It is 3.",
    "answer": "3",
    "long_cot": "…",
    "sections": [section(1, "1 + 1 = 2."), section(2, "Or think of apples."), section(3, "2 + 1 = 4.")],
    "sections_content": "section1: …",
    "sections_labeled_info": [{"section_number": 1, "reasoning_usefulness": "1", "reasoning_correctness": "0"}],
    "final_correct": 0,
    "reason_unuseful_section_numbers": [],
    "reason_error_section_numbers": [3],
}
EXAMPLES = {"gsm8k": GSM8K, "math": MATH, "prm800k": PRM800K, "processbench": PROCESSBENCH, "deltabench": DELTABENCH}


def lines(folder, *rows):
    file = folder / "solutions.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_gsm8k(tmp_path):
    assert load(lines(tmp_path, GSM8K, "", GSM8K | {"answer": "It is given.\n#### 1,024"})) == [
        Worked(
            GSM8K["question"],
            ("She buys 3*8=24 pens.", "Then she has 12+24 = 36 pens.", "Half of them are 36/2 = $18."),
            "18",
            "gsm8k",
        ),
        Worked(GSM8K["question"], ("It is given.",), "1,024", "gsm8k"),
    ]


def test_math(tmp_path):
    (only,) = load(lines(tmp_path, MATH))
    assert only == Worked(
        MATH["problem"],
        (
            "We write both over $6$.",
            "Then $\\frac{3}{6} + \\frac{2}{6}$ is \\[\\frac{5}{6}. A\\] and no more.",
            "So the answer is $\\boxed{\\frac{5}{6}}$.",
        ),
        "\\frac{5}{6}",
        "math",
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It is 3.5 pens, e.g. more. Yes.", ["It is 3.5 pens, e.g. more.", "Yes."]),
        ("A price of \\$5. Then \\$6. And $x. Y$ is one.", ["A price of \\$5.", "Then \\$6.", "And $x. Y$ is one."]),
        ("So $$a. B$$ holds. $c$ too.", ["So $$a. B$$ holds.", "$c$ too."]),
        ("Thus $x=2.$ Then go.", ["Thus $x=2.$", "Then go."]),
        ("See [asy]draw(A. B);\n\nfill(C);[/asy] Now.\n \nGo", ["See [asy]draw(A. B);\n\nfill(C);[/asy] Now.", "Go"]),
        ("\\begin{align*}a. B\\\\\n\nc\\end{align*} End.", ["\\begin{align*}a. B\\\\\n\nc\\end{align*} End."]),
        ("\n\n", []),
    ],
)
def test_sentences_end_outside_formulas_and_drawings(text, parts):
    assert sentences(text) == tuple(parts)


@given(text=st.text("aB.$\\ \n[]{}(!?)"))
def test_sentences_lose_nothing_but_space(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_prm800k_gives_the_followed_solution_and_every_other_step_that_was_rated(tmp_path):
    asked, first, second = "What is 2 + 3 * 4?", "First the product.", "3 * 4 = 12"
    assert load(lines(tmp_path, PRM800K)) == [
        Worked(asked, (first, second, "2 + 12 = 15"), "14", "prm800k", wrong=2),
        Worked(asked, (first, "3 * 4 = 7"), "14", "prm800k", wrong=1),
        Worked(asked, (first, second, "2 + 12 = 14"), "14", "prm800k"),
        Worked(asked, (first, second, "2 * 12 = 24"), "14", "prm800k", wrong=2),
    ]


@pytest.mark.parametrize("human", ["3 * 4 = 12", {"text": "3 * 4 = 12", "rating": None, "source": "human"}])
def test_a_step_that_a_person_wrote_is_right(tmp_path, human):
    row = rated(offered(("3 * 4 = 7", -1), chosen=None, human=human), offered(("2 + 12 = 14", 1)))
    whole, other = load(lines(tmp_path, row))
    assert (whole.steps, whole.wrong) == (("3 * 4 = 12", "2 + 12 = 14"), None)
    assert (other.steps, other.wrong) == (("3 * 4 = 7",), 0)


@pytest.mark.parametrize(
    "unknown",
    [
        offered(("Hm.", None)),
        offered(("", 1)),
        offered(chosen=None),
        {"completions": None, "human_completion": None, "chosen_completion": None},
        {"completions": [{"text": "Hm.", "rating": 1, "flagged": True}], "chosen_completion": 0},
    ],
)
def test_an_unrated_step_ends_what_is_known(tmp_path, unknown):
    row = rated(offered(("3 * 4 = 12", 1)), unknown, offered(("It is 14.", 1)))
    assert [worked.steps for worked in load(lines(tmp_path, row))] == [("3 * 4 = 12",)]


def test_a_broken_problem_is_left_out(tmp_path):
    broken = rated(offered(("Hm.", 1)), reason="bad_problem")
    assert len(load(lines(tmp_path, broken, PRM800K))) == 4


def test_processbench(tmp_path):
    right = PROCESSBENCH | {"label": -1, "final_answer_correct": True}
    unboxed = right | {"steps": ["It is 17."]}
    assert load(lines(tmp_path, PROCESSBENCH, right, unboxed)) == [
        Worked("What is 4 * 5 - 3?", tuple(PROCESSBENCH["steps"]), "", "processbench", wrong=1),
        Worked("What is 4 * 5 - 3?", tuple(PROCESSBENCH["steps"]), "16", "processbench"),
        Worked("What is 4 * 5 - 3?", ("It is 17.",), "", "processbench"),
    ]


def test_a_list_is_a_file_too(tmp_path):
    assert load(lines(tmp_path, json.dumps([PROCESSBENCH, PROCESSBENCH], indent=2))) == 2 * load(
        lines(tmp_path, PROCESSBENCH)
    )
    with pytest.raises(ConfigError, match=r"solutions.jsonl, item 2 has no label, but id, problem, steps"):
        load(lines(tmp_path, json.dumps([PROCESSBENCH, {k: PROCESSBENCH[k] for k in ("id", "problem", "steps")}])))


def test_deltabench_counts_useless_sections_as_wrong_as_its_evaluation_does(tmp_path):
    useless = DELTABENCH | {"reason_unuseful_section_numbers": [2]}
    right = DELTABENCH | {"reason_error_section_numbers": [], "answer": None}
    found = load(lines(tmp_path, DELTABENCH, useless, right))
    assert [(worked.wrong, worked.answer) for worked in found] == [(2, "3"), (1, "3"), (None, "")]
    assert {worked.steps for worked in found} == {("1 + 1 = 2.", "Or think of apples.", "2 + 1 = 4.")}
    assert {worked.kind for worked in found} == {"deltabench"}


@pytest.mark.parametrize("form", EXAMPLES)
def test_the_form_is_known_by_the_fields_or_given(tmp_path, form):
    found = load(lines(tmp_path, EXAMPLES[form]))
    assert found == load(str(lines(tmp_path, EXAMPLES[form])), form)
    assert {worked.kind for worked in found} == {form}
    assert set(EXAMPLES) == set(FORMS)


def test_of_recorded_steps_only_the_same_words_are_known(tmp_path):
    (worked,) = load(lines(tmp_path, GSM8K))
    assert check(worked, 0, "She buys 3*8=25 pens.") is None
    assert unchanged(worked, 0, "she buys 3 * 8 = 24 pens")


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("first", "row", "sentence"),
    [
        (GSM8K, "{", "line 2 is no JSON (expecting property name"),
        (GSM8K, "3", "line 2 is 3 and no object: give one of: prm800k (label, question); processbench ("),
        (GSM8K, without(GSM8K, "question"), "line 2 has no question, but answer: give text"),
        (GSM8K, GSM8K | {"question": ["?"]}, "line 2 has ['?'] as its question: give text"),
        (GSM8K, GSM8K | {"question": True}, "line 2 has True as its question: give text"),
        (GSM8K, GSM8K | {"question": "\ud800"}, "line 2 has half of a surrogate pair in its question"),
        (GSM8K, GSM8K | {"answer": "18"}, "line 2 has '18' as its answer: give steps, a line each"),
        (GSM8K, GSM8K | {"answer": "#### 18"}, "line 2 has no steps: give a solution of one step or more"),
        (PROCESSBENCH, PROCESSBENCH | {"steps": [], "label": -1}, "line 2 has no steps"),
        (GSM8K, GSM8K | {"answer": "So.\n####"}, "line 2 has 'So.\\n####' as its answer: give steps"),
        (
            MATH,
            MATH | {"solution": "It is \\boxed{3"},
            "line 2 has 'It is \\\\boxed{3' as its solution: give a solution",
        ),
        (
            MATH,
            MATH | {"solution": "It is 3."},
            "line 2 has 'It is 3.' as its solution: give a solution with its answer",
        ),
        (PRM800K, PRM800K | {"label": []}, "line 2 has [] as its label: give an object"),
        (PRM800K, PRM800K | {"label": {}}, "line 2 has no label.steps, but nothing: give a list"),
        (PRM800K, PRM800K | {"question": {"problem": "?"}}, "line 2 has no question.ground_truth_answer, but problem"),
        (PRM800K, rated("step"), "line 2 has 'step' as its label.steps[0]: give an object"),
        (
            PRM800K,
            rated(offered(("a", 1)), offered(("b", 1), ("c", 2))),
            "line 2 has 2 as its label.steps[1].completions[1].rating: give a whole number from -1 to 1",
        ),
        (
            PRM800K,
            rated(offered(("a", 1), chosen=1)),
            "line 2 has 1 as its label.steps[0].chosen_completion: give a whole number from 0 to 0",
        ),
        (
            PRM800K,
            rated({"completions": [{"rating": 1}]}),
            "line 2 has no label.steps[0].completions[0].text, but rating: give text",
        ),
        (PROCESSBENCH, PROCESSBENCH | {"label": 3}, "line 2 has 3 as its label: give a whole number from -1 to 2"),
        (PROCESSBENCH, PROCESSBENCH | {"label": "1"}, "line 2 has '1' as its label: give a whole number"),
        (PROCESSBENCH, PROCESSBENCH | {"steps": "1"}, "line 2 has '1' as its steps: give a list"),
        (PROCESSBENCH, PROCESSBENCH | {"steps": ["1", " "]}, "line 2 has ' ' as its steps[1]: give text"),
        (
            PROCESSBENCH,
            PROCESSBENCH | {"final_answer_correct": 1},
            "line 2 has 1 as its final_answer_correct: give true",
        ),
        (
            DELTABENCH,
            DELTABENCH | {"reason_error_section_numbers": [1, 4]},
            "line 2 has 4 as its reason_error_section_numbers[1]: give a whole number from 1 to 3",
        ),
        (
            DELTABENCH,
            DELTABENCH | {"sections": [{"start": 1}]},
            "line 2 has no sections[0].content, but start: give text",
        ),
    ],
)
def test_a_bad_line_is_named_with_what_was_found_and_wanted(tmp_path, first, row, sentence):
    file = lines(tmp_path, first, row)
    with pytest.raises(ConfigError) as error:
        load(file)
    assert str(error.value).startswith(f"{file}, {sentence}")
    assert "\n" not in str(error.value)


def test_what_is_long_is_told_shortly(tmp_path):
    with pytest.raises(ConfigError) as error:
        load(lines(tmp_path, GSM8K | {"question": ["word " * 10_000] * 100}))
    assert len(str(error.value)) < 400


def test_files_that_are_none(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="holds no solutions: give one JSON object a line, of one of: prm800k"):
        load(lines(tmp_path, "", ""))
    with pytest.raises(ConfigError, match="holds no solutions"):
        load(lines(tmp_path, rated(reason="give_up")))
    with pytest.raises(ConfigError, match="line 1 has prompt, reply, by which no form is known: give one of: prm800k"):
        load(lines(tmp_path, {"prompt": 1, "reply": 2}))
    with pytest.raises(ConfigError, match="form = 'aime' is none: choose from auto, prm800k, processbench"):
        load(lines(tmp_path, GSM8K), "aime")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "bytes.jsonl")
    with pytest.raises(ConfigError, match="is no JSON"):
        load(lines(tmp_path, "[" * 100_000))


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "1", "So. #### 2", "\\boxed{3}"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["problem", "steps", "completions", "text", "rating", "content", "chosen_completion"]),
            inner,
        ),
    ),
    max_leaves=8,
)


@given(form=st.sampled_from(list(EXAMPLES)), data=st.data())
def test_whatever_a_field_holds_it_is_read_or_named(tmp_path_factory, form, data):
    row = EXAMPLES[form] | {
        name: data.draw(values) for name in data.draw(st.sets(st.sampled_from(sorted(EXAMPLES[form]))))
    }
    file = lines(tmp_path_factory.mktemp("any"), row)
    try:
        found = load(file, form)
    except ConfigError as error:
        found, said = [], str(error)
    else:
        said = str(file)
    assert said.startswith(str(file))
    assert all(worked.steps and (worked.wrong is None or worked.wrong < len(worked.steps)) for worked in found)
