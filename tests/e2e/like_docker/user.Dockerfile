FROM tiny:1
USER 1000:50
COPY a.txt /home/app/x/
WORKDIR /made/by/user
RUN touch here; ls -ldn . .. | cut -c1-30 >/tmp/ls
