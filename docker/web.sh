#!/bin/sh
# The web container: bring the tables up to date, tell the first administrator's link, serve.
set -eu

python manage.py migrate --verbosity 0
python manage.py load_demo
python manage.py collectstatic --no-input --verbosity 0
python manage.py first_admin_link

exec python -m uvicorn promptlab.asgi:application --host 0.0.0.0 --port 8000 \
    --lifespan off --timeout-graceful-shutdown 3 --log-level warning --no-proxy-headers
