// Carries the precompiled headers: compilers take them only in what is compiled as they were, and tests are programs.
int main() {
  return 0;
}
