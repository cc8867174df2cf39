// Pure tests run on the host; kernel tests (test/kernel, test/parity) run inside the kernel lab.
const inLab = process.env.LAB !== undefined;
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { parser: { syntax: 'typescript', importAttributes: true }, target: 'es2023' },
      module: { type: 'commonjs' },
    },
  ],
};
const common = {
  rootDir: __dirname,
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testEnvironment: 'node',
  transform,
  extensionsToTreatAsEsm: [],
  setupFilesAfterEnv: ['<rootDir>/test/support/patient-tests.ts'],
  cacheDirectory: '<rootDir>/.cache/jest',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  // @kubernetes/client-node is ESM only; the build makes a CommonJS file of the one module we use.
  moduleNameMapper: { '^@kubernetes/client-node/dist/config\\.js$': '<rootDir>/dist/test/kube-config.cjs' },
};
module.exports = {
  projects: inLab
    ? [
        {
          ...common,
          displayName: 'kernel',
          testMatch: ['<rootDir>/test/{kernel,parity}/**/*.test.ts'],
        },
      ]
    : [{ ...common, displayName: 'unit', testMatch: ['<rootDir>/test/{unit,property,scenarios}/**/*.test.ts'] }],
};
