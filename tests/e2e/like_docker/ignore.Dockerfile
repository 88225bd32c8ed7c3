FROM tiny:1
COPY . /ctx
