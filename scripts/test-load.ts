import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

// `npm run test:load -- [--runs N] [--ci] FILE…`: runs test files beside eight busy loops, N times (3), and prints how
// often each test failed. A test that only load can make fail is a bug of the test. `--ci`: only the tests tagged `ci`.

const BUSY_LOOPS = 8;

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, ci: { type: 'boolean', default: false } },
  allowPositionals: true,
});

interface Report {
  testResults: { name: string; message: string; assertionResults: { fullName: string; status: string }[] }[];
}

const folder = await mkdtemp(join(tmpdir(), 'samocode-load-'));
const failures = new Map<string, number>();
const loops = Array.from({ length: BUSY_LOOPS }, busyLoop);
try {
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const begun = performance.now();
    const report = runTests(join(folder, `${run}.json`));
    const failed = failedIn(report);
    for (const name of failed) failures.set(name, (failures.get(name) ?? 0) + 1);
    console.log(`run ${run}: ${failed.length} failed, ${Math.round((performance.now() - begun) / 1000)} s`);
  }
} finally {
  for (const loop of loops) loop.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}
for (const [name, times] of failures) console.log(`failed in ${times} of ${values.runs} runs: ${name}`);
process.exitCode = failures.size === 0 ? 0 : 1;

function busyLoop(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}

function runTests(outputFile: string): Report {
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${outputFile}`];
  const tags = values.ci ? ['--tags-filter', 'ci'] : [];
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project=!soak',
    ...positionals,
    ...tags,
    ...reporters,
  ];
  spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return JSON.parse(readFileSync(outputFile, 'utf8'));
}

function failedIn({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = name.replace(`${process.cwd()}/`, '');
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    // A file that could not be loaded has no failed test.
    if (failed.length === 0) return message ? [`${file}: ${message}`] : [];
    return failed.map(({ fullName }) => `${file}: ${fullName}`);
  });
}
