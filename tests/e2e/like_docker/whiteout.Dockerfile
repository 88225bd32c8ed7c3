FROM tiny:1
RUN mkdir /d && touch /d/a /d/b
RUN rm /d/a
RUN rm -rf /d && mkdir /d && touch /d/c
COPY a.txt /d/
RUN mv /d /e
RUN mkdir /d; touch /d/.wh-not
