# syntax=docker/dockerfile:1
# A static binary on an image without a shell, run by a user without rights.
#
#   docker build -t redress --build-arg VERSION=$(git describe --tags --always) .

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/redress ./cmd/redress
# The folder of the data, so that a fresh volume belongs to the user below.
RUN mkdir -p /out/data/files

# Holds certificates of authorities, time zones and the user nonroot (65532),
# nothing else: no shell, no package manager.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/redress /usr/local/bin/redress
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/redress
USER nonroot:nonroot
ENV REDRESS_DATA_DIR=/var/lib/redress \
    REDRESS_HTTP_LISTEN=:8080
VOLUME /var/lib/redress
EXPOSE 8080
STOPSIGNAL SIGTERM
# Alive, not ready: a mailbox that is away is no reason to restart.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/redress", "healthcheck", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/local/bin/redress"]
CMD ["serve", "--config", "/etc/redress/redress.yaml"]
