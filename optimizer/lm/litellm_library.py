"""Starting LiteLLM: bound to our transport, without the environment, without its log."""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from collections.abc import Coroutine
from functools import cache
from typing import Any

import httpx

from optimizer.lm.bridge import Bridge, Closed
from optimizer.lm.environment import keep_only_ours

_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_CHATTY = ("httpx", "httpcore", "openai")


@cache
def litellm() -> Any:
    """The library; importing it is seconds of work, so call this in a thread."""
    keep_only_ours(os.environ)
    library: Any = importlib.import_module("litellm")
    library.suppress_debug_info = True
    library.telemetry = False
    library.num_retries = 0
    library.disable_hf_tokenizer_download = True
    _silence()
    _bind(library)
    return library


def _silence() -> None:
    """It logs a line or more a call, and prompts and addresses with its errors."""
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=UserWarning, module="pydantic")
    # Replies go into one queue of all event loops, kept for callbacks, of which we have none.
    worker: Any = importlib.import_module("litellm.litellm_core_utils.logging_worker")
    worker.GLOBAL_LOGGING_WORKER.ensure_initialized_and_enqueue = _forget


def _forget(async_coroutine: Coroutine[Any, Any, Any]) -> None:
    async_coroutine.close()


def _bind(library: Any) -> None:
    """Every way in which it makes a client of httpx, for the OpenAI SDK and for itself."""
    handlers: Any = importlib.import_module("litellm.llms.custom_httpx.http_handler")
    handlers.AsyncHTTPHandler.create_async_transport = staticmethod(lambda **_: Bridge())
    library.aclient_session = httpx.AsyncClient(transport=Bridge(), trust_env=False)
    library.client_session = httpx.Client(transport=Closed(), trust_env=False)
    library.sync_transport = Closed()
