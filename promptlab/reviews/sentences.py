"""What is said of decisions, versions and labels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "review.no_reason": _("Say why, so that whoever started the run can act on it."),
        "review.why_against": _(
            "The run recommends to keep the original prompt: say why this one is approved all the "
            "same. The reason stays with the version."
        ),
        "review.has_version": _(
            "This candidate is version {n} already; versions stay. Move a label instead."
        ),
        "review.still_going": _(
            "The run is still going. Cancel it to review the best so far, or wait."
        ),
        "review.never_evaluated": _(
            "This candidate was never fully evaluated, so there is nothing to decide on."
        ),
        "review.second_person": _(
            "You started this run; this project wants a second person to approve it."
        ),
        "review.other_run": _("That candidate belongs to another run."),
        "review.decided_meanwhile": _(
            "{who} decided meanwhile: {what}. Read it, then decide again."
        ),
        "review.no_answer": _(
            "Changes were requested: say what was done about that, for whoever asked."
        ),
        "review.no_waiver": _("Say why these may pass without being opened."),
        "review.cannot_be_asked": _("{who} may not approve candidates of this run."),
        "review.modules_unseen": _(
            "Tick every changed module as seen before approving. Still to see: {modules}."
        ),
        "review.regressions_unseen": _(
            "Open every example that got worse, or let them pass with a reason, before approving. "
            "Still to open: {n}."
        ),
        "review.not_sent": _("Send it to review first: what is approved stands on its evidence."),
        "review.which_packet": _(
            "Say which packet was looked at: read packet {n}, the one that was sent last, then "
            "approve with its number."
        ),
        "review.another_packet": _(
            "Packet {n} was sent last, not {asked}. Look at what is in it, then approve that."
        ),
        "review.protected_unwaived": _(
            "Examples that must not get worse did: {rows}. Let them pass with a reason before "
            "approving."
        ),
        "review.no_point": _("“{name}” is nothing that has to be looked at here."),
        "comment.no_line": _("“{module}” has no line {line}."),
        "comment.empty": _("Write what you mean before you send it."),
        "label.moved": _(
            "“{label}” was moved meanwhile and is now at {version}. Look again first."
        ),
        "label.moved_away": _(
            "“{label}” was moved meanwhile and is now at no version. Look again first."
        ),
        "label.no_earlier": _("“{label}” has no earlier version."),
        "label.stays": _(
            "“{label}” is a label that every program has, and is not removed. Move it instead."
        ),
        "label.approvals_only": _("“{label}” is moved by approvals, not by hand."),
        "label.name": _(
            "No label can be called “{label}”. Take lower-case letters, digits, hyphens and "
            "underscores, 40 at most, and not a version's number; for the calls of one model, add "
            "@ and its name."
        ),
    }
)
