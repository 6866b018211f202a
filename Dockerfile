# The application alone: the database is a server of its own (compose.yaml shows one).
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates
RUN python3 -m venv /tools && /tools/bin/pip install --no-cache-dir uv==0.13.9
WORKDIR /source
COPY . .
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/qpvmap
RUN /tools/bin/uv venv --python /usr/bin/python3 /opt/qpvmap \
 && /tools/bin/uv sync --locked --no-default-groups --no-editable --no-cache

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 ca-certificates libpango-1.0-0 libpangoft2-1.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --create-home --home-dir /var/lib/qpvmap qpvmap
COPY --from=build /opt/qpvmap /opt/qpvmap
ENV PATH=/opt/qpvmap/bin:$PATH QPVMAP_HOST=0.0.0.0 QPVMAP_VAR_DIR=/var/lib/qpvmap
USER qpvmap
VOLUME /var/lib/qpvmap
EXPOSE 8000
HEALTHCHECK CMD ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=5)"]
CMD ["qpvmap", "serve"]
