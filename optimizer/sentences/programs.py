"""What is said of programs and their parts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "name.field": _(
            "“{name}” is not a field name: use letters, digits and _ (64 at most), and begin with "
            "a letter."
        ),
        "name.module": _(
            "“{name}” is not a module name: use letters, digits and _ (64 at most), and begin with "
            "a letter."
        ),
        "name.call": _(
            "“{name}” is not a call name: use letters, digits and _ (64 at most), and begin with a "
            "letter."
        ),
        "name.output": _(
            "“{name}” is not an output name: use letters, digits and _ (64 at most), and begin "
            "with a letter."
        ),
        "name.column": _(
            "“{name}” is not a column name: use letters, digits and _ (64 at most), and begin with "
            "a letter."
        ),
        "name.length": _("Use 1 to {most} characters."),
        "name.unseen": _("It holds a character that nobody sees: {what}."),
        "field.reasoning": _(
            "“{name}” is where modules write down what they think; choose another field name."
        ),
        "field.few_choices": _("Choice field “{name}” needs at least two choices."),
        "field.choice_twice": _("Choice field “{name}” lists a choice twice."),
        "field.long_label": _("The label of “{name}” is longer than {most} characters."),
        "field.no_parts": _("Object “{name}” needs at least one field."),
        "field.part_twice": _("Object “{name}” has the field “{part}” twice."),
        "field.part_unnamed": _("A field of object “{name}” has no name."),
        "field.deep": _("“{name}” has more than {most} objects in objects."),
        "field.list_of_lists": _(
            "“{name}” is a list of lists: make it a list of objects with a list each."
        ),
        "parts.line": _("Line {line}, “{given}”, is no field: write name, or name: type."),
        "parts.type": _(
            "Line {line}: “{given}” is no type. Types are {types}, choices as a | b, and list of "
            "each; objects in objects need a JSON schema."
        ),
        "parts.many": _("These are {n} fields; an object has up to {most}."),
        "parts.not_json": _("It begins like a JSON schema but is no JSON: {why}."),
        "parts.no_object": _("The JSON schema is not that of an object."),
        "parts.no_schema": _("At {where} there is no schema, but something else."),
        "parts.no_properties": _("The object at {where} has no properties."),
        "parts.schema_type": _("At {where}: type {given} is none that a field can have."),
        "parts.enum": _("At {where}: choices must be texts."),
        "parts.list_of_lists": _(
            "At {where} is a list of lists: make it a list of objects with a list each."
        ),
        "parts.deep": _("At {where} are more than {most} objects in objects."),
        "parts.not_read": _("At {where}: “{key}” cannot be a field's shape."),
        "parts.no_such_ref": _("At {where}: there is no “{to}” in the schema."),
        "field.choice_space": _("A choice of “{name}” is empty or has space at an end."),
        "module.field_twice": _("The field name “{name}” is used twice."),
        "module.no_inputs": _("A module needs at least one input."),
        "module.samples": _("A module draws 1 to {most} samples."),
        "module.samples_alike": _(
            "At temperature 0 all samples are the same: choose a higher one, or one sample."
        ),
        "module.temperature": _("A temperature is a number from 0 to {most}."),
        "module.max_tokens": _("A reply has at least one token."),
        "name.tool": _(
            "“{name}” is not a tool name: use letters, digits and _ (64 at most), and begin with a "
            "letter."
        ),
        "tool.named_finish": _(
            "No tool can be called “{name}”: that is how the model says that it is done."
        ),
        "tool.no_description": _("Say what tool “{name}” does: the model reads it."),
        "tool.no_corpus": _("Tool “{name}” looks things up nowhere yet: choose a corpus."),
        "tool.no_function": _(
            "The code of tool “{name}” defines no function of that name that takes plain "
            "parameters: write def {name}(…):"
        ),
        "url.none": _("The address of “{name}” is none: it begins with http:// or https://."),
        "url.host": _(
            "The host in the address of “{name}” has to be fixed, with nobody to sign in as: names "
            "in braces may stand behind it."
        ),
        "fetch.failed": _("{why}"),
        "fetch.refused": _("What “{module}” asks cannot be reached. {why}"),
        "endpoint.no_query": _(
            "Nothing is asked for: write {{query}} in the address or in the body, where the query "
            "is to stand."
        ),
        "endpoint.no_such_place": _(
            "{place_in} in the address is filled with nothing: there are {{query}} and {{k}}."
        ),
        "endpoint.body": _("The body is no JSON: {why}."),
        "react.tools": _("An agent has 1 to {most} tools: add one."),
        "react.turns": _("An agent takes 1 to {most} turns."),
        "react.tool_name_taken": _(
            "“{name}” is the name of a tool and of something else: rename one."
        ),
        "react.turns_taken": _(
            "“{name}” is where the turns of an agent stand; choose another field name."
        ),
        "react.argument_types": _(
            "Two tools take “{name}” as values of different types: rename one of them."
        ),
        "react.not_in_dspy": _(
            "“{module}” is an agent with tools, and dspy.ReAct says other messages than those it "
            "was scored with: take the Python file, which says the same."
        ),
        "retrieve.no_corpus": _("It looks things up nowhere yet: choose a corpus."),
        "retrieve.k": _("It gives 1 to {most} passages."),
        "retrieve.one_input": _("A step that looks things up takes one input, the query, not {n}."),
        "retrieve.one_list": _("A step that looks things up gives one output, a list of passages."),
        "corpus.gone": _(
            "The corpus {digest} is not there any more: choose another one in the step that looks "
            "things up."
        ),
        "corpus.not_here": _(
            "“{module}” looks things up in a corpus that this project does not have: choose one of "
            "its own."
        ),
        "corpus.large": _("The passages have more than {most} MB: leave some out."),
        "corpus.empty": _("The file has no passages."),
        "corpus.content_there": _("These passages are there already, as “{name}”."),
        "corpus.name_taken": _("Another corpus is called “{name}”: choose another name."),
        "corpus.in_use": _("It is used by {users}: it stays as long as they do."),
        "pick.one_output": _("A step that picks gives one output, not {n}: remove the others."),
        "pick.among_none": _("It picks among nothing yet: name the inputs that are candidates."),
        "pick.no_such_input": _("It picks among “{name}”, which is no input of this module."),
        "pick.other_type": _(
            "“{name}”, which it picks among, is of type {gives}, but “{output}” of type {takes}."
        ),
        "pick.not_in_dspy": _(
            "“{module}” lets a model pick one of its inputs’ values, which no module of DSPy does: "
            "take the Python file, which says the same."
        ),
        "vote.one_output": _("A vote gives one output, not {n}: remove the others."),
        "code_step.empty": _("The step has no code yet: write a function “step”."),
        "module.no_outputs": _("A module needs at least one output."),
        "module.unused": _("No call uses module “{name}”."),
        "instruction.no_such_field": _(
            "{{{name}}} in the instruction names no field of this module; its fields are {fields}."
        ),
        "instruction.doubled": _(
            "{{{{{name}}}}} in the instruction is sent as it stands: write {{{name}}} to speak of "
            "the field."
        ),
        "locked.empty": _("A locked phrase is empty: write one or remove it."),
        "locked.not_there": _(
            "The locked phrase “{phrase}” is not in the instruction: write it there word for word, "
            "or unlock it."
        ),
        "demo": _("Demo {number}: {why}"),
        "demo.no_such_field": _("“{name}” is no field of this module."),
        "demo.value": _("{why}."),
        "demo.no_output": _("it gives no output."),
        "nearest.none": _("Choose at least one demo for each input, or give fixed demos."),
        "nearest.no_inputs": _("Name an input by which demos are chosen."),
        "nearest.no_such_input": _(
            "Demos are chosen by “{name}”, which is no input of this module."
        ),
        "nearest.no_such_output": _(
            "Labels are balanced by “{name}”, which is no output of this module."
        ),
        "nearest.demo": _("Demo {number} of the pool: {why}"),
        "program.no_inputs": _("The program needs at least one input."),
        "program.no_calls": _("The program has no call yet: add a module."),
        "program.no_outputs": _("The program has no output: choose which call's output it gives."),
        "program.input_twice": _("Two inputs are called “{name}”: rename one."),
        "program.module_twice": _("Two modules are called “{name}”: rename one."),
        "program.call_twice": _("Two calls are called “{name}”: rename one."),
        "program.circle": _(
            "{calls} need one another's outputs: remove one connection of the circle."
        ),
        "call.named_input": _(
            "A call cannot be called “{name}”: that name is the program's input."
        ),
        "call.no_such_module": _("There is no module “{module}”."),
        "call.not_connected": _("Input “{name}” is not connected: choose where it comes from."),
        "call.no_such_input": _("Module “{module}” has no input “{name}”."),
        "call.no_such_source": _("“{source}”, the source of “{name}”, does not exist."),
        "call.other_type": _("“{name}” takes {takes}, but {source} gives {gives}."),
        "call.long_group": _("The name of its group is longer than {most} characters."),
        "call.unused": _("Nothing uses what “{name}” gives."),
        "output.passed_through": _(
            "Output “{name}” is an input passed on, as all outputs are: choose a call's output for "
            "one of them."
        ),
        "call.constant": _("A constant does not fit: {why}."),
        "call.constant_and_wire": _("“{name}” is both connected and a constant: choose one."),
        "when.no_such_source": _("The condition looks at “{source}”, which does not exist."),
        "when.other_type": _(
            "The condition looks at “{source}”, which gives {gives}: choose a choice, a text or "
            "true or false."
        ),
        "when.no_values": _("The condition on “{source}” names no value: choose at least one."),
        "when.no_such_value": _(
            "“{source}” never is “{value}”, on which the condition waits: it is one of {values}."
        ),
        "repeat.times": _("A call is repeated 2 to {most} times."),
        "repeat.feeds": _(
            "The next pass cannot take “{output}” as “{name}”: choose an output and an input of "
            "“{module}” that fit."
        ),
        "repeat.until": _(
            "It is repeated until “{name}”, which is no true-or-false output of “{module}”."
        ),
        "output.no_such_source": _("Output “{name}” comes from “{source}”, which does not exist."),
    }
)
