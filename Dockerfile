# nearcast in a container: built in the first stage, run unprivileged in the second. Port 53 inside; the kernel lets this user bind it
# because Docker (20.10 or newer) sets net.ipv4.ip_unprivileged_port_start=0 in the container's own network. Elsewhere give that sysctl:
# a capability that is added to a container does not reach a user other than root.
#
#   docker build -t nearcast . && docker run --rm -p 5300:53/udp -p 5300:53/tcp -p 127.0.0.1:8080:8080 -v nearcast:/var/lib/nearcast nearcast
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
# node_modules brings its own node only for machines without one: here the image's is right.
# The prune leaves the folders of scopes that have nothing left.
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts && find node_modules -type d -empty -delete

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE /build/NOTICE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/geodata/default ./geodata/default
COPY --from=build /build/examples ./examples
RUN ln -s /app/dist/main.js /usr/local/bin/nearcast && install -d -o node -g node -m 0700 /var/lib/nearcast
USER node
VOLUME /var/lib/nearcast
# The API listens on all addresses of the container: give --tls-cert and --tls-key, or --behind-proxy, which also serves a browser of the
# same machine at http://127.0.0.1:8080 without a proxy; a proxy must send X-Forwarded-For. Metrics stay inside until
# NEARCAST_METRICS_LISTEN=0.0.0.0:9153 and NEARCAST_METRICS_TOKEN_FILE are set. For IPv6: NEARCAST_LISTEN="0.0.0.0:53,[::]:53".
ENV NEARCAST_STATE=/var/lib/nearcast \
    NEARCAST_LISTEN=0.0.0.0:53 \
    NEARCAST_API_LISTEN=0.0.0.0:8080 \
    NEARCAST_METRICS_LISTEN=127.0.0.1:9153
EXPOSE 53/udp 53/tcp 8080/tcp
# Reads the same variables. "unhealthy" = a restart could help; an empty store that waits for its first document is healthy. A container
# of `control` alone has no node to ask: start it with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "/app/dist/main.js", "health"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["up", "--behind-proxy"]
