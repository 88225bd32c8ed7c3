FROM tiny:1 AS base
ENV FROMBASE=1
WORKDIR /basewd
USER app
FROM base AS mid
RUN echo mid > /tmp/mid
ENV MID=$FROMBASE
FROM scratch AS unused
COPY nonexist /
FROM mid
CMD ["final"]
COPY --from=base /etc/passwd /tmp/pw
