from trimodal.corpus.findings import Findings, counted


def test_a_count_as_published_is_a_note_and_any_other_a_problem() -> None:
    findings = Findings()
    findings.count("utterances", 2_610, 2_610)
    findings.count("speakers", 9, 10)
    assert findings.notes == ["utterances: 2,610 as published"]
    assert findings.problems == ["speakers: 9 found, 10 published"]


def test_the_first_five_are_named_and_none_is_no_problem() -> None:
    findings = Findings()
    findings.named("clips are not there", iter(()))
    assert findings.problems == []
    findings.named("clips are not there", (f"c{number}" for number in range(5)))
    findings.named("clips are not there", (f"c{number}" for number in range(1_200)))
    assert findings.problems == [
        "5 clips are not there: c0, c1, c2, c3, c4",
        "1,200 clips are not there: c0, c1, c2, c3, c4, ...",
    ]
    assert counted("files", ["a"]) == "1 files: a"
