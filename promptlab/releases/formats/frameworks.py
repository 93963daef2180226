"""A version in Python for other libraries: LangChain's prompt template, MLflow's registry."""

from __future__ import annotations

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.render import reply_schema
from promptlab.releases.formats.bodies import settings_of
from promptlab.releases.formats.literals import comment_safe, literal, text
from promptlab.releases.formats.naming import slug_of
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.story import story
from promptlab.releases.formats.templated import Said, messages_of, not_a_template, task_of
from promptlab.reviews.content import VersionContent


def not_in_mlflow(content: VersionContent) -> list[Problem]:
    """MLflow has no way to say {{ as it is."""
    found = not_a_template(content)
    if found:
        return found
    texts = [part for said in messages_of(content) for part in said.texts]
    return [problem("template.braces")] if any("{{" in part for part in texts) else []


def langchain(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """A module with PROMPT, a ChatPromptTemplate, and SCHEMA, what replies are held to."""
    reach = reach or Reach.of(content)
    module = content.program.module(content.program.calls[0].module)
    said = [(_LANGCHAIN[each.role], _f_string(each)) for each in messages_of(content, reach)]
    inputs = ", ".join(f'"{f.name}": …' for f in content.program.inputs)
    schema = {"title": "reply", **reply_schema(module)}
    return f'''"""{_head(content, sha256)}

    from langchain_openai import ChatOpenAI
    chain = PROMPT | ChatOpenAI(model=MODEL, **SETTINGS).with_structured_output(
        SCHEMA, method="json_schema"
    )
    chain.invoke({{{inputs}}})

It says the very messages of the run. {comment_safe(reach.told(task_of(content)))}
"""

from langchain_core.prompts import ChatPromptTemplate

MODEL = {text(task_of(content).model)}
SETTINGS = {literal(settings_of(content, reach))}
SCHEMA = {literal(schema)}
PROMPT = ChatPromptTemplate.from_messages(
    {literal(said, 4)},
    template_format="f-string",
)
'''


_LANGCHAIN = {"system": "system", "user": "human", "assistant": "ai"}


def mlflow_script(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """A script that registers the prompt where MLFLOW_TRACKING_URI says."""
    reach = reach or Reach.of(content)
    said = [
        {"role": each.role, "content": each.written(str, lambda name: f"{{{{{name}}}}}")}
        for each in messages_of(content, reach)
    ]
    tags = {
        "promptlab.version": str(content.version),
        "promptlab.sha256": sha256,
        "promptlab.model": task_of(content).litellm_model,
    }
    return f'''"""{_head(content, sha256)}

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python this_file.py [alias]

Registers it as a new version in MLflow's prompt registry, and points the alias at it.
"""

import sys

import mlflow

NAME = {text(slug_of(content))}
TEMPLATE = {literal(said)}
TAGS = {literal(tags)}


def register(alias: str = "") -> object:
    """A version of the prompt in the registry."""
    made = mlflow.genai.register_prompt(
        name=NAME,
        template=TEMPLATE,
        commit_message={text(f"{content.name}, version {content.version} of promptlab", 8)},
        tags=TAGS,
    )
    if alias:
        mlflow.genai.set_prompt_alias(NAME, alias=alias, version=made.version)
    return made


if __name__ == "__main__":
    print(register(*sys.argv[1:2]))
'''


def _f_string(said: Said) -> str:
    return said.written(
        lambda part: part.replace("{", "{{").replace("}", "}}"), lambda name: f"{{{name}}}"
    )


def _head(content: VersionContent, sha256: str) -> str:
    return "\n".join(comment_safe(line) for line in story(content, sha256))
