FROM tiny:1
WORKDIR /w/x
COPY a.txt .
COPY dir sub/
COPY ["sp ace/f ile.txt", "/sp ace/"]
COPY link /linkcopy
COPY dirlink /dirlinkcopy
COPY dirlink/ /dirlinkcopy2/
COPY run.sh /usr/local/bin/
COPY --chown=app:staff a.txt /owned
COPY --chown=1234 dir /owneddir
COPY --chown=app a.txt /newd/owned2
COPY --chmod=640 a.txt /mode
COPY --chmod=755 dir /modedir
