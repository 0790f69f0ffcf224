# daypass in a container: `docker run --rm -it --env-file .env daypass` signs in, greets and shows what is coming up.
# Any base with a Python of 3.11 or newer and its `venv` module will do.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /source
COPY requirements/build.txt requirements/runtime.txt requirements/
# How this build reaches its package registry (pip.conf, and a certificate it names) may be handed in; nothing of it stays.
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.pem \
    export PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
 && python3 -m venv /build \
 && python3 -m venv --without-pip /opt/daypass \
 && /build/bin/pip install --require-hashes -r requirements/build.txt \
 && /build/bin/pip --python /opt/daypass/bin/python install --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /build/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /build/bin/pip --python /opt/daypass/bin/python install --no-cache-dir --no-index --no-deps /wheel/*.whl

FROM ${BASE_IMAGE} AS runtime
LABEL org.opencontainers.image.title="daypass" \
      org.opencontainers.image.description="Microsoft 365 sign-in and calendar from any screen" \
      org.opencontainers.image.licenses="MIT"
# The pip that a Python image brings goes: nothing is installed in here any more.
RUN if [ -e /usr/local/bin/pip ]; then python3 -m pip uninstall --yes --quiet --root-user-action=ignore pip; fi \
 && useradd --uid 10001 --gid 0 --home-dir /data --no-create-home --shell /usr/sbin/nologin daypass \
 && install -d -o 10001 -g 0 -m 0775 /data
COPY --from=build /opt/daypass /opt/daypass
# Tokens rest in /data where a volume is mounted there, else in memory only; so no VOLUME, which would always mount one.
ENV PATH=/opt/daypass/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DAYPASS_STATE_DIR=/data \
    DAYPASS_STORAGE=volume
USER 10001

# The pretend tenant for other people's projects: `docker run --rm -p 127.0.0.1:8443:8443 daypass-sandbox` (make sandbox-image).
FROM runtime AS sandbox
LABEL org.opencontainers.image.title="daypass-sandbox" \
      org.opencontainers.image.description="A pretend Microsoft 365 tenant to test calendar apps on"
EXPOSE 8443
ENTRYPOINT ["daypass", "sandbox", "up", "--host", "0.0.0.0", "--i-know", "--state", "/data/sandbox"]

FROM runtime
ENTRYPOINT ["daypass"]
