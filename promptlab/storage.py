"""Static files: named after their content, so that browsers may keep them for ever, and served."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from promptlab.ui.joined_scripts import JoinedScripts
from promptlab.ui.styles import JoinedStyles


class HashedStaticFiles(JoinedStyles, JoinedScripts, CompressedManifestStaticFilesStorage):
    """Also rewrites the imports inside JavaScript modules."""

    support_js_module_import_aggregation = True


class StaticFiles(WhiteNoiseMiddleware):
    """Sends each file whole. WhiteNoise streams it from a blocking iterator, which under ASGI is
    read to its end anyway, with a warning each time.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        whole = HttpResponse(b"".join(streamed), status=streamed.status_code)
        del whole["content-type"]
        for name, value in streamed.items():
            whole[name] = value
        # Closing the response would tell everybody that the request is over.
        if isinstance(streamed, FileResponse) and streamed.file_to_stream is not None:
            streamed.file_to_stream.close()
        return whole
