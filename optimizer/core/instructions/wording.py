"""Sentences of requests for better instructions: in steps, within a budget, by kinds of errors.

They stand together, as no instruction may carry them on (`prompts.PROPOSAL_WORDS`).
"""

from __future__ import annotations

IMPROVE = "Improve the instruction that a language model follows for the task below."
FORM_EXAMPLES = "Examples of the task, for its form"
RELATED = "Related instructions with their scores out of 100, the best last"
LEARN = "Learn from what their scores say, and write an instruction that will score higher."
WITHIN = (
    "of the current instruction: put in, take out or replace no more than that, and leave the rest "
    "as it stands."
)
SUM_UP = (
    "Say in two or three sentences what goes wrong there and what would have been right, in "
    "general words that hold for other cases, too."
)
SHALL_GET = "of a program made of language-model modules shall get a better instruction."
SO_FAR = "Its instructions so far, the oldest first, with scores out of 100"
GOES_WRONG = "What goes wrong with it"
NONE_AGAIN = (
    "Write an instruction under which none of this happens again. Keep what works, do not go back "
    "to what scored lower, and say rules that hold for every input."
)

ATTEMPTS = "Below are instructions for a task, each with the score that it came to."
SCALE = "Scores are whole numbers from 0 to 100, higher is better; the order is ascending."
WHERE_IT_GOES = "In these examples of the task the instruction goes where it says"
UNLIKE_ALL = (
    "Write an instruction that is unlike all of those above and that will have a score as high as "
    "can be. It must fit every input, not the examples alone."
)

SAME_TASK = (
    "Write a clearer instruction for the very same task: keep every fact, name and form that it "
    "asks for, say what it leaves open, and add what would have led to the right answer. Do not "
    "answer the example, and do not name it."
)

REWRITING_WORDS = (
    SAME_TASK,
    ATTEMPTS,
    SCALE,
    WHERE_IT_GOES,
    UNLIKE_ALL,
    IMPROVE,
    FORM_EXAMPLES,
    RELATED,
    LEARN,
    WITHIN,
    SHALL_GET,
    SO_FAR,
    NONE_AGAIN,
)
