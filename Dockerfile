# The image of ipvs-proxier: Node, our programs, both flavours of iptables and their libraries; no shell, no package
# manager. For another machine it is cross-built: nothing of that machine is run.
#   docker build --tag ipvs-proxier .
#   docker buildx build --platform linux/amd64,linux/arm64 --tag ipvs-proxier .
# A digest pins what it is built from:  --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:...
# APT_SOURCE, a line of sources.list that names a snapshot, pins the Debian packages.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE} AS node

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
ARG TARGETARCH
ARG SOURCE_DATE_EPOCH=0
ARG SOURCE_COMMIT=
ARG APT_SOURCE=
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
      make g++ binutils $([ "$TARGETARCH" = "$(dpkg --print-architecture)" ] || \
        case $TARGETARCH in arm64) echo g++-aarch64-linux-gnu ;; amd64) echo g++-x86-64-linux-gnu ;; esac)
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
COPY --from=node /usr/local/bin/node /usr/local/LICENSE /target/
RUN .build/image/build-root.sh "$(case ${TARGETARCH:-$(dpkg --print-architecture)} in amd64) echo x64 ;; *) echo arm64 ;; esac)" \
      /image /target/node /target/LICENSE

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="ipvs-proxier" \
      org.opencontainers.image.description="Kubernetes Services through Linux IPVS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /image /
ENV PATH="/usr/local/bin:/usr/sbin:/usr/bin" \
    MALLOC_ARENA_MAX="1" \
    MALLOC_MMAP_THRESHOLD_="65536" \
    MALLOC_TRIM_THRESHOLD_="65536"
ENTRYPOINT ["/usr/local/bin/ipvs-proxier"]
