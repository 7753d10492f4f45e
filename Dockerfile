# syntax=docker/dockerfile:1
# rtcbench in two images:
#   docker build --target native -t rtcbench:native .     the static binary, LiveKit only
#   docker build -t rtcbench .                            and Chromium's headless shell: daily, both, livekit --engine browser

FROM --platform=$BUILDPLATFORM node:22.20.0-bookworm-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --loglevel=error
COPY web/ ./
RUN npm run --silent build

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS TARGETARCH COMMIT=
WORKDIR /src
COPY go.mod go.sum ./
COPY third_party/ third_party/
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
COPY --from=page /src/web/dist/ web/dist/
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
    -ldflags "-s -w -X rtcbench/internal/cli.commit=$COMMIT" -o /rtcbench . \
 && mkdir -p /data && chown 65532:65532 /data

# Certificates and time zones, a user without rights, and the binary.
FROM gcr.io/distroless/static-debian12:nonroot AS native
LABEL org.opencontainers.image.title="rtcbench" \
      org.opencontainers.image.description="Latency of real-time platforms, with how far to trust the numbers" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /rtcbench /usr/local/bin/rtcbench
COPY --from=build --chown=65532:65532 /data /data
ENV RTCBENCH_DATA_DIR=/data HOME=/tmp
VOLUME /data
USER 65532:65532
# For rtcbench run --listen and rtcbench echo --listen; where nothing listens there is nothing to ask.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["rtcbench", "health"]
ENTRYPOINT ["rtcbench"]
CMD ["--help"]

FROM debian:bookworm-slim AS browser
LABEL org.opencontainers.image.title="rtcbench" \
      org.opencontainers.image.description="Latency of real-time platforms, with how far to trust the numbers" \
      org.opencontainers.image.licenses="Apache-2.0"
# Debian keeps only its newest Chromium: a pinned version is gone in weeks.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends chromium-headless-shell ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 65532 --no-create-home --shell /usr/sbin/nologin nonroot
COPY --from=build /rtcbench /usr/local/bin/rtcbench
COPY --from=build --chown=65532:65532 /data /data
# Containers forbid the namespaces that Chromium's own sandbox is made of.
ENV RTCBENCH_DATA_DIR=/data HOME=/tmp RTCBENCH_NO_SANDBOX=true
VOLUME /data
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["rtcbench", "health"]
ENTRYPOINT ["rtcbench"]
CMD ["--help"]
