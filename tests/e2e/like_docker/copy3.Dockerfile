FROM tiny:1 AS one
RUN mkdir -p /o/p && echo x > /o/p/f && chmod 711 /o && chown 5:6 /o/p && ln -s p /o/l && ln /o/p/f /o/hard && touch -d @1600000000 /o/p/f
FROM tiny:1
COPY --from=one /o /copied
COPY --from=one /o/ /copied2/
COPY --from=one /o/l /l1
COPY --from=one /o/l /l2/
COPY --from=one /o/p/f /single
COPY --from=0 /o/hard /o/p/f /two/
COPY --from=one /etc/passwd /tmp/
