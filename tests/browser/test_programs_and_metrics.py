"""Programs and metrics as they are edited and tried in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.conftest import PHONE

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.fakes.openai_server import OpenAIServer


def test_a_field_that_is_named_in_the_instruction_can_be_added_while_typing(
    visit: Visit, lab: Lab
) -> None:
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/modules/at/classify/")
    page.get_by_role("textbox", name="Instruction").fill("Mind the {tone} of the {message}.")
    marks = page.locator("prompt-field mark")
    expect(marks.nth(0)).to_have_class("unknown")
    expect(marks.nth(1)).not_to_have_class("unknown")

    page.get_by_role("button", name="Add input").click()
    expect(page.get_by_role("textbox", name="Instruction")).to_have_value(
        "Mind the {tone} of the {message}."
    )
    expect(page.locator('[name="inputs-1-name"]')).to_be_focused()
    page.keyboard.type("tone")
    expect(marks.nth(0)).not_to_have_class("unknown")

    page.get_by_role("button", name="Save module").click()
    expect(page.locator("#why-not")).to_contain_text("Input “tone” is not connected")


def test_choices_are_asked_for_only_where_the_type_is_a_choice(visit: Visit, lab: Lab) -> None:
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/modules/new/")
    choices = page.locator('[name="outputs-0-choices"]')
    expect(choices).to_be_hidden()
    page.locator('[name="outputs-0-type"]').select_option("choice")
    expect(choices).to_be_visible()


def test_connections_are_saved_where_they_are_shown(visit: Visit, lab: Lab) -> None:
    program = lab.program()
    page = visit(lab.alice, f"{lab.path}/programs/{program.pk}/?view=list")
    save = page.get_by_role("button", name="Save connections")
    expect(save).to_be_hidden()
    page.get_by_label("message").select_option("")
    save.click()
    expect(page.locator("#why-not")).to_contain_text("Input “message” is not connected")
    program.refresh_from_db()
    assert program.revision == 2


def test_a_phone_shows_the_list_and_the_graph_on_request(visit: Visit, lab: Lab) -> None:
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/", viewport=PHONE)
    drawing = page.locator(".stage")
    expect(page.locator("#call-classify")).to_be_visible()
    expect(drawing).to_be_hidden()
    page.locator(".phone-only").get_by_role("link", name="Graph").click()
    expect(drawing).to_be_visible()


def test_one_example_is_tried_with_every_message_and_the_reply(visit: Visit, lab: Lab) -> None:
    lab.provider()
    metric = lab.metric()
    metric.save()
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/try/")
    page.get_by_label("Metric").select_option(metric.name)
    page.get_by_role("button", name="Next example").click()
    expect(page.locator("#id_row")).to_have_value("2")
    expect(page.get_by_label("Metric")).to_have_value(str(metric.pk))
    said = page.get_by_label("message").input_value()

    page.get_by_role("button", name="Run", exact=True).click()
    trace = page.locator(".call-trace")
    expect(trace.get_by_text("the reply, as it came")).to_be_visible()
    expect(trace.get_by_text(f"message: {said}")).to_be_visible()
    expect(page.locator(".verdict .score")).to_have_text(re.compile(r"^(100|0)\.0$"))

    page.get_by_role("button", name="Run the next example").click()
    expect(page.locator("#id_row")).to_have_value("3")
    expect(page.locator(".verdict .score")).to_be_visible()


def test_a_model_that_refuses_is_told_in_the_place_of_the_answer(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    lab.provider()
    model.fault = lambda body, number: "401"
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/try/")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("The model could not be asked.")).to_be_visible()
    expect(page.get_by_text("No score was made of it.")).to_be_visible()


def test_a_try_out_that_takes_long_can_be_stopped(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    lab.provider()
    model.seconds = 8.0
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/try/")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Asking the model")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("It was stopped: nothing more was sent.")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_where_no_socket_opens_the_page_asks_until_the_answer_is_there(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    lab.provider()
    model.seconds = 1.0
    page = visit(lab.alice, f"{lab.path}/programs/{lab.program().pk}/try/")
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close(code=1013))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result .answer")).to_be_visible(timeout=40_000)
    expect(page.locator("[data-poll]")).to_have_count(0)


def test_a_server_without_a_list_of_models_has_one_after_its_test(visit: Visit, lab: Lab) -> None:
    bare = lab.provider(models=())
    page = visit(lab.alice, f"{lab.path}/providers/")
    card = page.locator(f"#provider-{bare.pk}")
    card.get_by_role("button", name="List models and test").click()
    expect(card.get_by_role("cell", name="scripted")).to_be_visible()
    expect(card.get_by_text("scripted answered in")).to_be_visible()


def test_the_bench_judges_as_one_types(visit: Visit, lab: Lab) -> None:
    lab.program()
    page = visit(lab.alice, f"{lab.path}/metrics/new/")
    answer = page.get_by_label("Answer 1")
    expect(page.locator(".judged").first).to_have_text("100.0 as expected")
    answer.fill("nonsense")
    expect(page.locator(".judged").first).to_contain_text("got “nonsense”")
    expect(answer).to_be_focused()
    expect(answer).to_have_value("nonsense")
    page.locator("summary", has_text="Other kinds").click()
    page.get_by_label("Contains").check()
    expect(page.locator(".judged").nth(1)).to_have_text("100.0 as expected")
    page.get_by_role("button", name="Create metric").click()
    expect(page.get_by_role("heading", name="Metrics")).to_be_visible()


def test_a_function_of_ones_own_judges_as_one_types_and_is_told_its_faults(
    visit: Visit, lab: Lab
) -> None:
    lab.program()
    page = visit(lab.alice, f"{lab.path}/metrics/new/")
    page.get_by_label("Custom code").check()
    source = page.get_by_label("Source")
    expect(source).to_have_value(re.compile("def metric"))
    expect(page.locator(".judged").first).to_have_text("100.0")
    source.fill("def metric(example, prediction, trace):\n    return 0.5, 'half'\n")
    expect(page.locator(".judged").first).to_have_text("50.0 half")
    source.fill("def metric(example, prediction, trace):\n    return missing\n")
    page.get_by_role("button", name="Create metric").click()
    expect(page.get_by_text("Line 2, column 12").first).to_be_visible()
    expect(source).to_have_value(re.compile("return missing"))
    expect(page.locator(".judged").first).to_contain_text("Line 2: NameError")
    source.fill("def metric(example, prediction, trace):\n    return True\n")
    page.get_by_role("button", name="Create metric").click()
    expect(page.get_by_role("heading", name="Metrics")).to_be_visible()
