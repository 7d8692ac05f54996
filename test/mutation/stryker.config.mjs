/** Changes every expression of the core, one at a time, in a copy of the repository under `.cache`. */
export default {
  mutate: ['src/core/**/*.ts', '!src/core/**/*.test.ts', '!src/core/planted.ts'],
  plugins: ['./test/mutation/runner.mjs', './test/mutation/shipped.mjs'],
  testRunner: 'one-process',
  coverageAnalysis: 'perTest',
  // What is made once, when a module is loaded, is not changed: a constant is its own test.
  ignoreStatic: true,
  ignorers: ['shipped'],
  concurrency: 2,
  // A machine that is busy with other things must not look like a test that notices.
  timeoutMS: 30_000,
  ignorePatterns: ['/*', '!/package.json', '!/src', '!/test', '/test/*', '!/test/fakes'],
  tempDirName: '.cache/mutation/copy',
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: '.cache/mutation/report.json' },
}
