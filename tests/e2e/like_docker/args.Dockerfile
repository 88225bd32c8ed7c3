ARG base=tiny:1
ARG glob=g
FROM ${base} AS x
ARG glob
ARG a=${glob}-x
ARG b
ENV e=${a:-no} f=${b:-default} g=${b:+set} h=${a} i='$a' j="$a" k=\$a
RUN echo "$glob $a $b $e" > /out; env | grep -v HOSTNAME | sort > /env
LABEL l=$a
WORKDIR /wd-$glob
COPY ${glob:+a}.txt ./
