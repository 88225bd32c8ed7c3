FROM tiny:1
SHELL ["/bin/sh", "-ec"]
RUN echo "$0" > /a
RUN echo one \
  # comment inside
  && echo two > /b
RUN echo "tab	tab" > /c && printf 'a\nb' > /d
CMD ["x"]
ENTRYPOINT y
