"""Forms come out in our markup: labels, hints, errors and the summary belong together."""

from __future__ import annotations

import re

from django import forms

from promptlab.ui.forms import CardRadios, Choice, CodeTextarea, FileDrop, PromptTextarea


class Everything(forms.Form):
    name = forms.CharField(help_text="As lists show it.")
    note = forms.CharField(required=False)
    effort = forms.ChoiceField(
        choices=[("light", Choice("Light", "10 trials")), ("heavy", Choice("Heavy"))],
        widget=CardRadios,
    )
    splits = forms.MultipleChoiceField(
        choices=[("train", "Train")], widget=forms.CheckboxSelectMultiple, required=False
    )
    skip = forms.BooleanField(required=False, label="Skip rows without a label")
    instruction = forms.CharField(widget=PromptTextarea(known=["message", "history"]))
    code = forms.CharField(widget=CodeTextarea, required=False)
    file = forms.FileField(widget=FileDrop(accept=".csv", hint="up to 50 MB"), required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def tag(html: str, start: str) -> str:
    found = re.search(rf"<{start}[^>]*>", html)
    assert found, start
    return found.group()


def test_every_field_has_a_label_that_points_to_it() -> None:
    html = str(Everything())
    for field in ("name", "note", "skip", "instruction", "code", "file"):
        assert f'for="id_{field}"' in html
        assert f'id="id_{field}"' in html


def test_a_hint_is_announced_with_its_field() -> None:
    html = str(Everything())
    assert 'id="id_name_helptext"' in html
    assert 'aria-describedby="id_name_helptext"' in tag(html, 'input type="text" name="name"')


def test_only_fields_that_may_stay_empty_say_so() -> None:
    assert str(Everything()["note"].as_field_group()).count("optional") == 1
    assert "optional" not in str(Everything()["name"].as_field_group())


def test_an_error_stands_beside_its_field_and_in_the_summary() -> None:
    html = str(Everything({"name": ""}))
    assert 'id="id_name_error"' in html
    assert "id_name_error" in tag(html, 'input type="text" name="name"')
    assert 'aria-invalid="true"' in tag(html, 'input type="text" name="name"')
    assert '<a href="#id_name">Name</a>' in html
    assert "3 things to correct" in html


def test_a_form_that_was_not_sent_has_no_summary() -> None:
    assert 'role="alert"' not in str(Everything())


def test_groups_of_choices_are_a_fieldset_with_a_legend() -> None:
    html = str(Everything()["effort"].as_field_group())
    assert html.startswith("<fieldset")
    assert "<legend>Effort" in html
    assert "<small>10 trials</small>" in html


def test_a_prompt_field_knows_its_placeholders() -> None:
    html = str(Everything()["instruction"])
    assert 'data-known="message history"' in html
    assert "<textarea" in html


def test_text_from_people_is_escaped() -> None:
    html = str(Everything({"name": "<b>", "instruction": "</textarea><script>"}))
    assert "<script>" not in html
    assert 'value="&lt;b&gt;"' in html


def test_a_file_field_says_what_it_takes() -> None:
    html = str(Everything()["file"])
    assert 'accept=".csv"' in html
    assert "up to 50 MB" in html


def test_hidden_fields_are_drawn_without_a_label() -> None:
    html = str(Everything())
    assert 'type="hidden" name="secret"' in html
    assert 'for="id_secret"' not in html
