# coordinaut-server in a container. It needs nothing of this project but the wheel:
#
#   make package && docker build -t coordinaut-server .
#   docker run -d -p 127.0.0.1:3737:3737 -v coordinaut:/data -e COORDINAUT_SERVER_TOKEN=… coordinaut-server
#
# docs/server.md tells the rest. For PostgreSQL, set COORDINAUT_SERVER_DATABASE_URL; the driver is in.
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

COPY dist/*.whl /wheels/
RUN set -eu; \
    for wheel in /wheels/*.whl; do python -m pip install "${wheel}[postgres]"; done; \
    rm -r /wheels; \
    groupadd --system --gid 3737 coordinaut; \
    useradd --system --uid 3737 --gid coordinaut --home-dir /data --no-create-home --shell /usr/sbin/nologin coordinaut; \
    install -d -o coordinaut -g coordinaut -m 0700 /data

USER coordinaut
WORKDIR /data
VOLUME /data
EXPOSE 3737

ENV COORDINAUT_SERVER_HOST=0.0.0.0 \
    COORDINAUT_SERVER_DATA_DIR=/data \
    COORDINAUT_SERVER_LOG=json

HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["coordinaut-server", "--check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["coordinaut-server"]
