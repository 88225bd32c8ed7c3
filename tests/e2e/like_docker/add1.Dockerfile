FROM tiny:1
ADD t.tgz /t1/
ADD t.tgz /t2
ADD t.txz /t3/
ADD t.tar /t4/
COPY t.tgz /t5/
ADD a.txt /t6/
ADD --chown=3:4 t.tgz /t7/
ADD dir /t8
ADD link /t9
