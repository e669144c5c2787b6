# syntax=docker/dockerfile:1
# Argosy in one image: `argosy serve` (control plane) and `argosy runtime` (in a cluster). Runs as nobody in particular on a
# read-only root file system; what it writes goes to the volumes /data (to keep) and /tmp (not to keep).
ARG PYTHON=3.13

# 1. The console: needs Node (from the development lock) only here.
FROM python:${PYTHON}-slim AS console
WORKDIR /src
COPY requirements-dev.lock pyproject.toml README.md CHANGELOG.md ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements-dev.lock
COPY model/ model/
COPY gitsync/ gitsync/
COPY api/ api/
COPY web/ web/
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && python -m web.build \
 && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

# 2. Tools that render for us, pinned and checked.
FROM debian:bookworm-slim AS tools
ARG TARGETARCH=amd64
ARG HELM=v3.19.0
ARG KUSTOMIZE=v5.7.1
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && rm -rf /var/lib/apt/lists/*
RUN mkdir -p /tools \
 && curl -fsSL "https://get.helm.sh/helm-${HELM}-linux-${TARGETARCH}.tar.gz" -o helm.tar.gz \
 && curl -fsSL "https://get.helm.sh/helm-${HELM}-linux-${TARGETARCH}.tar.gz.sha256sum" | sed 's/ .*/  helm.tar.gz/' | sha256sum -c - \
 && tar -xzf helm.tar.gz --strip-components=1 -C /tools "linux-${TARGETARCH}/helm"
RUN base="https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2F${KUSTOMIZE}" \
 && file="kustomize_${KUSTOMIZE}_linux_${TARGETARCH}.tar.gz" \
 && curl -fsSLO "${base}/${file}" \
 && curl -fsSL "${base}/checksums.txt" | grep "  ${file}\$" | sha256sum -c - \
 && tar -xzf "${file}" -C /tools kustomize

# 3. What runs.
FROM python:${PYTHON}-slim
RUN apt-get update && apt-get install -y --no-install-recommends git gpg && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin argosy \
 && install -d -o argosy /data
COPY requirements.lock /
RUN pip install --no-cache-dir --require-hashes --no-deps -r /requirements.lock
COPY --from=console /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl && rm -rf /wheels
COPY --from=tools /tools/ /usr/local/bin/
ENV ARGOSY_DATA_DIR=/data ARGOSY_HOST=0.0.0.0 HOME=/data PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME ["/data", "/tmp"]
EXPOSE 8000
ENTRYPOINT ["argosy"]
CMD ["serve"]
