# One image for the three roles; `ROLES` says which a container has. Nothing is built: Node runs the sources as they are.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are Node itself, for machines without it. No script of a package runs: none is needed.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="stockledger" \
      org.opencontainers.image.description="Event-sourced stock and orders over many warehouses"
# What the service doesn't call can't be called by whoever breaks in.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-*
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY src ./src
COPY scripts/eventstoreAccess.ts ./scripts/
ENV NODE_ENV=production
# The user `node` of the image, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 8080
# Alive, not ready: a restart does not help a service whose database is down.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "bin/healthy.js"]
# As `npm start`, without npm between the signals and the service.
CMD ["node", "bin/stockledger.js"]
