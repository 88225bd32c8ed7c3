FROM tiny:1
COPY a.txt b.txt /dst/
COPY a.txt /file
COPY a.txt newdir/
COPY dir /dircopy
COPY dir/ /dircopy2/
COPY *.txt /glob/
COPY dir/s*.txt /globone
COPY . /all/
