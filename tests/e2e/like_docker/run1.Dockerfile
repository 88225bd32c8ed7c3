FROM tiny:1
RUN echo a > /f; chmod 4755 /f; mkdir -m 1777 /t; ln /f /hard; ln -s f /soft; mkdir -p /x/y/z && rm -rf /root && touch /x/y/z/q
RUN rm -rf /x/y && mkdir /x/y && touch /x/y/new
RUN ["/bin/sh", "-c", "echo exec > /e"]
USER app
RUN id -u > /tmp/uid; pwd > /tmp/pwd; env | grep -v HOSTNAME | sort > /tmp/env
WORKDIR /newwd
RUN pwd > /tmp/pwd2; ls -ldn . | cut -c1-30 >/tmp/owner
USER 4242
RUN env | grep HOME > /tmp/home2
