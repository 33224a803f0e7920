// Which of the libraries built from targets.h this processor can run. Compiled for the least of them.
extern "C" __attribute__((visibility("default"))) int throughtime_processor_has(int instruction_set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (instruction_set) {
    case 1:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 2:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("fma");
  }
#endif
  return instruction_set == 0;
}
