FROM tiny:1
RUN mkdir /real && ln -s /real /lnk && mkdir /exist && chmod 700 /exist && chown 9:9 /exist && touch /exist/old && ln -s ../../../etc /esc && echo f > /plainfile
COPY a.txt /lnk/
COPY a.txt /lnk/deep/er/
COPY dir /exist
COPY a.txt /esc/from-esc
COPY a.txt /plainfile
COPY dir/sub /lnk
