import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { browserScript } from './scripts/browser-scripts.mjs';
import { MARKDOWN_FOLDER, markdownFolderModule } from './scripts/markdown-folders.mjs';
import { LongFilesFirst } from './tests/support/long-files-first.ts';
import { SUITES } from './tests/support/suites.ts';

/** The bundler gives Markdown, style sheets and scripts for browsers as text; tests that import source files need the same. */
const filesAsText = {
  name: 'files-as-text',
  enforce: 'pre' as const,
  resolveId(source: string, importer = '') {
    if (MARKDOWN_FOLDER.test(source)) return source;
    // Under another name: Vite has a use of its own for style sheets.
    return /\.(?:css|app\.js)$/.test(source) ? `${resolve(dirname(importer), source)}-as-text` : null;
  },
  async load(id: string) {
    if (MARKDOWN_FOLDER.test(id)) return { code: await markdownFolderModule(id), map: null };
    const [path = ''] = id.split('-as-text');
    if (!/\.(?:md|css|app\.js)$/.test(path)) return null;
    if (path.endsWith('.app.js')) {
      const { text } = await browserScript(path, '0.0.0-test');
      return { code: `export default ${JSON.stringify(text)};`, map: null };
    }
    return { code: `export default ${JSON.stringify(await readFile(path, 'utf8'))};`, map: null };
  },
};

/** Time limits end what hangs; they are no claim about speed. Vitest tries no test twice. */
const shared = {
  environment: 'node' as const,
  pool: 'forks' as const,
  isolate: false,
  // One more than cores: a test that starts programs waits for them a third of its time.
  maxWorkers: 3,
  maxConcurrency: 3,
  hookTimeout: 1_200_000,
  globalSetup: ['tests/support/build-once.ts'],
  // `.ci/run` proves that its choice of tests reaches every family of rows.
  setupFiles: [
    'tests/support/with-extensions.ts',
    'tests/support/state-roots.ts',
    'tests/support/same-inputs.ts',
    ...(process.env.SAMOCODE_REACHED ? ['tests/support/note-reached.ts'] : []),
  ],
  // As patient as everything else that waits: a machine under load is slow.
  expect: { poll: { timeout: 600_000 } },
};

/** What is worth many runs, and is run seldom: `npm run soak`. */
const ALSO_SOAKED = [
  'tests/extensions/acp/clis/acp-sessions.test.ts',
  'tests/extensions/notify/e2e/answers-race.test.ts',
  'tests/core/e2e/supervisor/life.test.ts',
  'tests/core/faults/crash.test.ts',
  'tests/core/faults/torn-writes.test.ts',
  'tests/core/processes/project/checkpoints/checkpoint-property.test.ts',
  'tests/core/processes/project/checkpoints/rewind-property.test.ts',
  'tests/parsers.test.ts',
  'tests/core/processes/worker/finishing-property.test.ts',
];

export default defineConfig({
  // Beside the CLIs, where an `npm ci` leaves it: files that took long begin first the next time.
  cacheDir: '.cache/vite',
  plugins: [filesAsText],
  define: { __FAULTS__: 'false', __STRICT__: 'true', __VERSION__: '"0.0.0-test"' },
  test: {
    maxWorkers: 3,
    sequence: { sequencer: LongFilesFirst },
    tags: [
      {
        name: 'ci',
        description: 'runs in .ci/run too: a walk, or a representative of its family (tests/support/ci.ts)',
      },
    ],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          isolate: false,
          // It computes, and projects with another number of workers are another group.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['tests/**/*.test.ts'],
          exclude: [`tests/**/{${SUITES},soak}/**`],
          testTimeout: 1_800_000,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          // One project: a worker of vitest that gets a file of another project loads all sources again.
          name: 'programs',
          include: [`tests/**/{${SUITES}}/**/*.test.ts`],
          // Half of them wait for a program.
          maxConcurrency: 4,
          testTimeout: 1_800_000,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'soak',
          include: ['tests/**/soak/**/*.test.ts', ...ALSO_SOAKED],
          env:
            process.env.SAMOCODE_SOAK === 'short'
              ? { SAMOCODE_PROPERTY_RUNS: '200', SAMOCODE_ROUNDS: '5' }
              : { SAMOCODE_PROPERTY_RUNS: '1000', SAMOCODE_ROUNDS: '100' },
          testTimeout: 3_600_000,
        },
      },
    ],
  },
});
