"""Static files named after their content, so that browsers may keep them for ever."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

from promptlab.ui.styles import JoinedStyles


class HashedStaticFiles(JoinedStyles, CompressedManifestStaticFilesStorage):
    """Also rewrites the imports inside JavaScript modules."""

    support_js_module_import_aggregation = True
