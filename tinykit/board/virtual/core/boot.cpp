// Where a program on the virtual board begins and ends.
#include <stdint.h>

extern "C" {

using Constructor = void (*)();
extern const Constructor boardConstructors[];
extern const Constructor boardConstructorsEnd[];

// Functions that the virtual board calls return to this address; nothing is executed here.
[[gnu::used, gnu::noinline]] void boardExit() {
  for (;;) {
    asm volatile("");
  }
}

// Runs the constructors of global objects.
[[gnu::used]] void boardConstruct() {
  for (const Constructor* constructor = boardConstructors; constructor != boardConstructorsEnd;
       ++constructor) {
    (*constructor)();
  }
}

// What a vtable points at for a pure virtual function.
void __cxa_pure_virtual() { boardExit(); }

// Destructors of global objects never run: a board does not end.
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
void* __dso_handle = nullptr;

}  // extern "C"
