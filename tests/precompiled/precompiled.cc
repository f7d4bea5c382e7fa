// A program to carry the precompiled headers; it is not built.
int main() {
  return 0;
}
