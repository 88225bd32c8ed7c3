FROM scratch
COPY a.txt /
COPY dir /dir
WORKDIR /abc
