FROM tiny:1
ARG v=1
ENV A=1 B="two words" C=$v
ENV OLD style value
ENV PATH=$PATH:/extra
LABEL a=b "c d"="e f" multi="line1\
line2"
EXPOSE 80 443/tcp 53/udp 8000-8002
VOLUME /data /more
VOLUME ["/json vol"]
USER app:staff
WORKDIR /home/app
WORKDIR rel
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=5 CMD ["cat", "/etc/passwd"]
SHELL ["/bin/sh", "-xc"]
CMD echo shell form $A
ENTRYPOINT ["/bin/sh","-c"]
ONBUILD RUN echo hi
ONBUILD COPY . /x
MAINTAINER someone
