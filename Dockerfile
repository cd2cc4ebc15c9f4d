FROM denoland/deno:2.9.6

WORKDIR /parley
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY migrations migrations
COPY src src
RUN deno task build \
  && mkdir /data && chown -R deno:deno /data /parley

# Without DATABASE_URL, the embedded database and its keys live here: mount a volume on it.
ENV DATA_DIR=/data
VOLUME /data

USER deno
EXPOSE 8080
# Deno itself is the first process, so that SIGTERM reaches the service and lets it drain. With a
# DATABASE_URL it starts an isolate a core; DENO_JOBS sets another number.
CMD ["deno", "run", "-A", "--cached-only", "src/start.ts"]
