# Examples in our comments are lines of a `///` comment that are indented by three blanks or more. For Doxygen they become
# code blocks, without a line more or less, so that its line numbers are right.
function put(line) {
  if (held) print last
  last = line
  held = 1
}
/^ *\/\/\/   / {
  if (!code && held && last ~ /^ *\/\/\//) last = last " @code{.cpp}"
  else if (!code) sub(/\/\/\/ /, "/// @code{.cpp} ")
  code = 1
  put($0)
  next
}
/^ *\/\/\/ *$/ && code {  # a blank line: the example may go on
  put($0)
  next
}
{
  if (code) last = last " @endcode"
  code = 0
  put($0)
}
END { if (held) print last }
