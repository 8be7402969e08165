import { defineConfig } from 'vitest/config';

/** The bundler gives markdown as text; tests that import source files need the same. */
const markdownAsText = {
  name: 'markdown-as-text',
  transform(code: string, id: string) {
    return id.endsWith('.md') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null;
  },
};

const shared = {
  environment: 'node' as const,
  pool: 'forks' as const,
  maxWorkers: 2,
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // Tests of real processes meet a busy machine now and then: one more try there, and the report names it.
  retry: process.env.CI ? 1 : 0,
};

export default defineConfig({
  // Beside the CLIs, where an `npm ci` leaves it: files that took long begin first the next time.
  cacheDir: '.cache/vite',
  plugins: [markdownAsText],
  define: { __FAULTS__: 'false', __VERSION__: '"0.0.0-test"' },
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'tests/clis/**', 'tests/faults/**'],
          maxConcurrency: 3,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          maxConcurrency: 3,
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          maxConcurrency: 3,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'clis',
          include: ['tests/clis/**/*.test.ts'],
          maxConcurrency: 3,
          testTimeout: 300_000,
        },
      },
    ],
  },
});
