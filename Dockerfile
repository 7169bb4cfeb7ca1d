# syntax=docker/dockerfile:1
# Frameloop as an image: `worker` (the default), `webhook serve`, and every other command.
#
#   docker build -t frameloop .
#   docker run --rm frameloop --help
#
# It runs as user 1000 and writes to /var/lib/frameloop (data) and /tmp only, so the root file system may be read-only.
# compose.production.yml shows the rest: limits, volumes, configuration.

# Debian, since neither Temporal's nor ONNX Runtime's native parts exist for musl (Alpine).
FROM node:24.21.0-trixie-slim AS base
# python3 runs yt-dlp; ps finds programs that a killed process left behind; tini passes on signals and buries the dead.
# Debian drops old versions from its mirrors: the base image's release is the pin.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates procps python3 tini \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Packages and programs first: they change less often than the sources.
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN node scripts/setup.mjs --skip-build
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && node scripts/docker/slim.mjs

FROM base
LABEL org.opencontainers.image.title="Frameloop" \
      org.opencontainers.image.description="Active learning for object detection in video, durable on Temporal" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/.tools /app/.tools
COPY --from=build /app/scripts/tools.json /app/scripts/tools.json
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE config.example.yaml .env.example /app/
COPY models/demo.onnx /app/models/demo.onnx
RUN ln -s /app/dist/client/main.js /usr/local/bin/frameloop \
 && chmod +x /app/dist/client/main.js \
 && install -d -o 1000 -g 1000 /var/lib/frameloop
# Caches go where a read-only root file system has room.
ENV NODE_ENV=production \
    XDG_CACHE_HOME=/tmp/.cache \
    DENO_DIR=/tmp/.cache/deno
USER 1000:1000
# The working folder: relative paths of the configuration start here.
WORKDIR /var/lib/frameloop
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s --retries=3 CMD ["frameloop", "health"]
ENTRYPOINT ["tini", "--", "frameloop"]
CMD ["worker"]
