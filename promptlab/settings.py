"""Settings. All reading of the environment is here; docs/configuration.md lists the variables."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from promptlab.environment import DatabaseAddress, Environment
from promptlab.launch.home import CHECKOUT, home_from
from promptlab.launch.model_weights import MODEL_NAME

ENV = Environment(os.environ)
BASE_DIR = CHECKOUT
HOME = home_from(os.environ)

# --- Secrets and modes -------------------------------------------------------------------------

SECRET_KEY = ENV.secret("SECRET_KEY", otherwise=HOME.secret_key(), at_least=50)
# Fernet keys, newest first: the first encrypts, all decrypt.
ENCRYPTION_KEYS = ENV.words("PROMPTLAB_ENCRYPTION_KEYS") or HOME.encryption_keys()
DEBUG = ENV.flag("DEBUG")
TESTING = ENV.flag("PROMPTLAB_TESTING")

# --- Where we are ------------------------------------------------------------------------------

PORT = ENV.number("PORT", 8000)
# Commands in a second terminal learn from the running web process where it is.
_local_url = HOME.read_fact("web").get("url") or f"http://127.0.0.1:{PORT}"
PUBLIC_URL = ENV.web_address("PROMPTLAB_URL", _local_url)
BEHIND_HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = [
    *{"127.0.0.1", "localhost", "[::1]", urlsplit(PUBLIC_URL).hostname or ""},
    *ENV.words("ALLOWED_HOSTS"),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# The base address of the embedded model's OpenAI-compatible API, or None where there is no engine.
EMBEDDED_MODEL_URL: str | None = (
    ENV.text("PROMPTLAB_MODEL_URL") or HOME.read_fact("model").get("url") or None
)
# What its engine runs.
EMBEDDED_MODEL_NAME: str = (
    ENV.text("PROMPTLAB_MODEL_NAME") or HOME.read_fact("model").get("name") or MODEL_NAME
)

# --- Rooms -------------------------------------------------------------------------------------

ROOMS = [
    "promptlab.ui",
    "promptlab.accounts",
    "promptlab.installation",
    "promptlab.datasets",
    "promptlab.programs",
    "promptlab.metrics",
    "promptlab.providers",
    "promptlab.runs",
    "promptlab.grading",
    "promptlab.reviews",
    "promptlab.releases",
    "promptlab.api",
    "promptlab.demo",
    "optimizer",
]
INSTALLED_APPS = [
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "channels",
    "procrastinate.contrib.django",
    "template_partials",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "promptlab.outage.Refusals",
    "promptlab.storage.StaticFiles",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "promptlab.accounts.middleware.Doors",
]

ROOT_URLCONF = "promptlab.urls"
ASGI_APPLICATION = "promptlab.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "promptlab.accounts.context.project_menu",
            ],
        },
    }
]

FORM_RENDERER = "promptlab.ui.forms.Renderer"

# --- Postgres, the only service ----------------------------------------------------------------

_address = DatabaseAddress.from_url(
    # Without DATABASE_URL: the embedded server, as the process that started it left word; while
    # none runs, a port where nobody answers.
    ENV.text("DATABASE_URL")
    or HOME.read_fact("postgres").get("url")
    or "postgresql://promptlab@127.0.0.1:1/promptlab"
)
# Under ASGI every request has a thread of its own, so that only a pool keeps connections. Tests
# create and drop databases, which open pools would block.
_options: dict[str, Any] = (
    {}
    if TESTING
    # A connection that cannot be had is given up soon, and asked for by the next request: waits
    # between attempts would double, and pages stay away long after the database is back.
    else {"pool": {"min_size": 1, "max_size": 12, "timeout": 5, "reconnect_timeout": 2}}
)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _address.name,
        "USER": _address.user,
        "PASSWORD": _address.password,
        "HOST": _address.host,
        "PORT": _address.port,
        "OPTIONS": _options,
        # A pooled connection may have died with its server: ask before handing it out.
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Jobs --------------------------------------------------------------------------------------

# A worker that says nothing for so long has lost its runs to whoever takes them next.
LEASE_SECONDS = ENV.seconds("PROMPTLAB_LEASE", 10, least=2, most=30)
PROCRASTINATE_WORKER_DEFAULTS = {
    "update_heartbeat_interval": 2.0,
    # A worker that wakes after hours finds itself still registered, and goes on.
    "stalled_worker_timeout": 86_400.0,
}

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "promptlab.accounts.adapter.AccountAdapter"
# Failures are counted by accounts.throttle: allauth's limits lock an account for everybody, and
# each web process counts by itself.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# --- What a browser may do ---------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_HTTPS else 0
SESSION_COOKIE_NAME = "promptlab_session"
CSRF_COOKIE_NAME = "promptlab_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "promptlab.outage.stale_page"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if ENV.flag("PROMPTLAB_TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # rate limits count the address that the proxy saw

# --- Static files ------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = HOME.static
CORPORA = HOME.corpora
STATICFILES_DIRS = [BASE_DIR / "static"]
# While developing and testing, files are served from where they are written.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "promptlab.storage.HashedStaticFiles"
    },
}

# --- Language, time, words to the operator -----------------------------------------------------

# A language is a folder of `locale` with a catalogue (`manage.py makemessages -l de`).
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [("en", "English")] + [
    (folder.name.replace("_", "-"), folder.name)
    for folder in sorted(LOCALE_PATHS[0].glob("*"))
    if (folder / "LC_MESSAGES").is_dir()
]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "optimizer.lm.scrub.ScrubbingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Django's own default mails errors to nobody when DEBUG is off.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "procrastinate": {"level": "WARNING"},
        # Says every failed attempt of every pool; who misses the connection says that, too.
        "psycopg.pool": {"level": "ERROR"},
    },
}
