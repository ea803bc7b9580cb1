# Camera Gateway in a container: both roles and the embedded store, as an ordinary user.
#
#   docker build -t camera-gateway .
#   docker run -v gateway-data:/var/lib/camera-gateway --network host camera-gateway
#
# The build does what scripts/run does: the hash-locked requirements.lock, wheels only, then the project without
# network. tests/architecture/test_dockerfile.py holds it to the scripts where no Docker engine is at hand.

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/camera-gateway
COPY requirements.lock ./
RUN /opt/camera-gateway/bin/python -m pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY camera_gateway ./camera_gateway
COPY storage ./storage
COPY config ./config
RUN /opt/camera-gateway/bin/python -m hatchling build -t wheel -d dist \
 && /opt/camera-gateway/bin/python -m pip install --no-deps --no-index dist/*.whl

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/camera-gateway --shell /usr/sbin/nologin camera-gateway \
 && install -d -o camera-gateway -g camera-gateway -m 0700 /var/lib/camera-gateway
COPY --from=build /opt/camera-gateway /opt/camera-gateway
ENV PATH=/opt/camera-gateway/bin:$PATH PYTHONUNBUFFERED=1 CAMERA_GATEWAY_SITE__DATA_DIR=/var/lib/camera-gateway
USER camera-gateway
WORKDIR /var/lib/camera-gateway
VOLUME /var/lib/camera-gateway
EXPOSE 8080
STOPSIGNAL SIGTERM
# /healthz answers without signing in and says nothing about cameras; with TLS set HEALTH_URL=https://localhost:…
ENV HEALTH_URL=http://127.0.0.1:8080/healthz
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["camera-gateway"]
CMD ["run"]
