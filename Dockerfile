# The image of teleport-email. It is made of the tarball in dist, so build that first:
#
#   npx -y deno@2.9.3 task build --target all
#   docker build -t teleport-plugin-email .                       # for this machine
#   podman build --format docker -t teleport-plugin-email .       # OCI's format has no HEALTHCHECK
#   docker buildx build --platform linux/amd64,linux/arm64 .      # for both: nothing runs in the build
#
# The tarball of `task build --form=runtime` has a shell script as its launcher, which ends with exec:
# give that a base with a shell, by --build-arg BASE=docker.io/library/debian:bookworm-slim. One
# executable needs a C library and nothing else.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM scratch AS tarball
ARG TARGETARCH
ARG VERSION=0.1.0
ADD dist/teleport-access-email-v${VERSION}-linux-${TARGETARCH}-bin.tar.gz /

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=""
# Of a release: the source's URL, the time of the commit (RFC 3339), and the base with its digest.
ARG SOURCE=""
ARG CREATED=""
ARG BASE
ARG BASE_DIGEST=""
LABEL org.opencontainers.image.title="teleport-email" \
      org.opencontainers.image.description="Emails reviewers about Teleport Access Requests" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.url="${SOURCE}" \
      org.opencontainers.image.documentation="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}"
# The name that the original's image and chart use.
COPY --from=tarball /teleport-access-email/teleport-email /usr/local/bin/teleport-plugin
# The pattern matches what only the runtime form has: Deno and the bundle.
COPY --from=tarball /teleport-access-email/LICENSE /teleport-access-email/THIRD-PARTY-LICENSES \
     /teleport-access-email/lib*/teleport-email /usr/local/lib/teleport-email/
# Nothing is written: no cache, no look for a newer Deno. One malloc arena keeps less memory.
ENV DENO_DIR=/dev/null DENO_NO_UPDATE_CHECK=1 MALLOC_ARENA_MAX=1
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["/usr/local/bin/teleport-plugin", "health"]
ENTRYPOINT ["/usr/local/bin/teleport-plugin"]
