import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { makeDemoPlace } from '../../../../src/extensions/rehearsal/demo/demo-place.ts';
import { formatDemo } from '../../../../src/extensions/rehearsal/demo/demo-screen.ts';
import type { DemoScreen } from '../../../../src/extensions/rehearsal/demo/play-session.ts';
import { type DemoReport, runDemo } from '../../../../src/extensions/rehearsal/demo/run-demo.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const REPORT: DemoReport = {
  ok: true,
  problems: [],
  session: '26-01-08-way-back',
  branch: 'samocode/way-back',
  phases: ['investigation', 'requirements', 'done'],
  iterations: 7,
  quick: { session: '26-01-08-nothing-twice', branch: 'samocode/nothing-twice', iterations: 1 },
  seconds: 8,
  answers: [],
  plan: 'plan.md',
  commits: ['abc1234 Phase 1'],
  diffStat: '',
  mainUntouched: true,
  proof: {
    verified: true,
    checks: [{ command: 'node --test', expected: 0, found: 0 }],
  },
  summary: 'Built: take back the last change; tested, reviewed, 4 commits. A rehearsal, no model.',
};

function wordsIn(root: string | undefined, env: Cli['env'] = {}): string[] {
  const stdout = new PassThrough();
  const output = new Output({ stdout, stderr: stdout, colourful: false, json: false });
  const places =
    root === undefined
      ? undefined
      : { root, repo: `${root}/boat`, worktree: `${root}/tree`, sessionDir: `${root}/session` };
  const cli = { output, calledAs: 'samocode', programsDir: `${root}/dist`, env } as Partial<Cli> as Cli;
  return formatDemo({ ...REPORT, places }, cli).split('\n');
}

test('no sentence at the end of a demo is wider than the terminal', () => {
  expect(wordsIn('/tmp').filter((line) => line.length > 80)).toEqual([]);
  expect(wordsIn('/tmp').join(' ')).toContain('7 agents for the task, 1 agent for the small one, 8 s.');
});

test('commands at the end of a demo are not broken within their paths', () => {
  const words = wordsIn('/tmp/my boats').join('\n');
  expect(words).toContain("git -C '/tmp/my boats/boat' log -p main..samocode/way-back");
  expect(words).toContain("rm -rf '/tmp/my boats'");
  expect(words).toContain("-- node '/tmp/my boats/dist/samocode-mcp.js'");
});

test.each([
  [{}, 'samocode demo --keep'],
  [{ npm_lifecycle_event: 'demo' }, 'npm run demo -- --keep'],
])('with %j the demo that was removed ends with how to keep it: %s', (env, command) => {
  expect(wordsIn(undefined, env).join('\n')).toContain(`To keep it: ${command}\n`);
});

test('a demo that cannot create its repository leaves no folder behind', async () => {
  await using temp = await tempDir();
  vi.stubEnv('TMPDIR', temp.path);
  try {
    const made = makeDemoPlace({ PATH: temp.path }, 0);
    await expect(made).rejects.toThrow('git could not be started.');
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await readdir(temp.path)).toEqual([]);
});

test('no process of a demo starts a supervisor', async () => {
  const place = await makeDemoPlace({ PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'on' }, 0);
  await place.remove();
  expect(place.env.SAMOCODE_SUPERVISOR).toBe('off');
});

test("the demo's processes read no settings of the machine's user", async () => {
  const env = {
    PATH: process.env.PATH,
    HOME: '/home/person',
    ANTHROPIC_API_KEY: 'key',
    GIT_DIR: '/elsewhere',
  };
  const place = await makeDemoPlace(env, 0);
  await place.remove();
  const names = ['HOME', 'KEEP_AWAKE', 'PATH', 'REHEARSAL_SCENARIO', 'SAMOCODE_SUPERVISOR'];
  expect(Object.keys(place.env).sort()).toEqual(names);
  expect(place.env.HOME).toBe(join(place.root, 'home'));
});

test('the first line is there before any program was started', async () => {
  await using dir = await tempDir();
  const shown: string[] = [];
  const screen = { chapter: (title: string) => shown.push(title) } as unknown as DemoScreen; // the rest is not reached
  const signal = new AbortController().signal;
  // Without git on PATH, the first program that a demo starts fails.
  const env = { PATH: dir.path, TMPDIR: dir.path };
  await expect(
    runDemo({ server: '/nowhere', env, clock, screen, paceMs: 0, keep: false, signal }),
  ).rejects.toThrow();
  expect(shown).toEqual(['A to-do list without a way back']);
});
