# One image for every service: `sso serve identity`, `sso serve dossier`, `sso migrate` and so on.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build

# The installer and the build tool, apart from what is delivered; every package is checked against its hash.
COPY requirements-uv.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt

# What we stand on changes less often than what we write, so it is a layer of its own.
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/sso \
    && /opt/build/bin/uv pip install --no-cache --compile-bytecode --python /opt/sso/bin/python --require-hashes -r requirements.txt

COPY . ./
RUN /opt/build/bin/uv build --no-cache --wheel --no-build-isolation --python /opt/build/bin/python --out-dir /wheel . \
    && /opt/build/bin/uv pip install --no-cache --compile-bytecode --python /opt/sso/bin/python --no-deps /wheel/*.whl


FROM python:3.11-slim-bookworm
# The very path that the scripts in it name. Nothing in the image is writable for those who run it.
COPY --from=build /opt/sso /opt/sso
# Only the demo keeps data of its own, and they go with the container.
ENV PATH=/opt/sso/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SSO_DATA_DIR=/tmp/sso
# A number, so that it can be seen not to be root. docker-compose.yml names another: the owner of the secrets.
USER 10001:10001
WORKDIR /
EXPOSE 8080
# 503 while Redis or a database is missing. Where `localhost` is no host of ours (SSO_ISSUER__HOSTS), it is 400: it runs.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('localhost', 8080, timeout=2.5); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status >= 500)"]
ENTRYPOINT ["sso"]
CMD ["serve", "all", "--host", "0.0.0.0"]
