import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TreeEnd } from '../../../src/core/kernel/processes/end-tree.ts';
import { ChildRecord, type RunChildOptions } from '../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { readExit } from '../../../src/core/worker/state/iteration.ts';
import { endAgentTree } from '../../../src/core/worker/state/processes.ts';
import { bundleScript } from '../../support/bundle-script.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { countedTable } from '../../support/hosts.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tempLog } from '../../support/temp-log.ts';
import type { WorkerWithChild } from '../unit/worker/worker-with-child.ts';
import {
  type ChildInGuard,
  childDoing,
  DIFFICULT,
  expectNoProcessLeft,
  guardOfProcesses,
  leaving,
} from './child-in-guard.ts';

const exitOf = async ({ open, child }: WorkerWithChild) => await readExit(open, child);
const untilExit = async (scene: WorkerWithChild) => {
  return await eventually(() => exitOf(scene), { what: 'its exit status' });
};

/** Like a worker that has seen the child running; it reads no environment, and not all processes of the machine. */
async function end({ worker, child }: ChildInGuard, options: { leftoversOnly: boolean }): Promise<TreeEnd> {
  const { counts, table } = countedTable(worker.host.processes);
  const host = { ...worker.host, processes: table };
  const ended = await endAgentTree({ ...worker, host }, child, { ...options, known: [child.wrapper] });
  expect(counts).toMatchObject({ environments: 0, listings: 0 });
  return ended;
}

test.concurrent.each([
  ['exit 0', '0'],
  ['exit 1', '1'],
  ['exit 7', '7'],
  ['exit 255', '255'],
  ['kill -TERM $$', '143'],
  ['kill -KILL $$', '137'],
  ['kill -INT $$', '130'],
])('a child in the guard that does "%s" has exit status %s', ci, async (script, status) => {
  await using log = await tempLog();
  await using scene = await childDoing(log, script);
  expect(await untilExit(scene)).toBe(status);
  expect(await readFile(iterationPaths(log.paths, 1).guardStatus, 'utf8')).toContain(
    `"exit-code": ${status}`,
  );
});

test('its output goes directly into the log files', async () => {
  await using log = await tempLog();
  await using scene = await childDoing(log, 'echo out; echo err >&2; readlink /proc/self/fd/1');
  expect(await untilExit(scene)).toBe('0');
  expect(await readFile(scene.stdout, 'utf8')).toBe(`out\n${scene.stdout}\n`);
  expect(await readFile(join(log.paths.logs, 'child.err'), 'utf8')).toBe('err\n');
});

test('it gets no descriptor of the guard and cannot see its arguments', async () => {
  await using log = await tempLog();
  const seen = 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -e [-]-unshare-pid';
  await using scene = await childDoing(log, `readlink /proc/$$/fd/3 /proc/$$/fd/4 /proc/$$/fd/5; ${seen}`);
  expect(await untilExit(scene)).toBe('1');
  expect(await readFile(scene.stdout, 'utf8')).toBe('');
});

test.each([
  ['before-spawn', []],
  ['after-spawn', ['never started\n']],
  ['before-go', ['never started\n']],
  ['after-go', ['4\n']],
])('a starter that is killed at %s has started the child in the guard once or never', async (step, said) => {
  await using dir = await tempDir('samocode-child-');
  const at = (name: string) => join(dir.path, name);
  const options: Omit<RunChildOptions, 'host' | 'clock'> = {
    command: { file: '/bin/sh', args: ['-c', 'echo ran; exit 4'], env: { PATH: process.env.PATH ?? '' } },
    name: 'samocode-child-test',
    cwd: dir.path,
    stdoutPath: at('stdout'),
    stderrPath: at('stderr'),
    recordPath: at('child.json'),
    exitPath: at('exit'),
    guard: { guard: guardOfProcesses(), argsPath: at('guard-args'), statusPath: at('guard-status') },
  };
  const starter = await bundleScript('child-starter.ts', dir.path, { faults: true });
  const env = { ...process.env, SAMOCODE_CRASH_AT: step };
  expect(spawnSync(process.execPath, [starter, JSON.stringify(options)], { env }).signal).toBe('SIGKILL');
  const exits = async () => {
    const names = (await readdir(dir.path)).filter((name) => /^exit\.\d+$/.test(name));
    return await Promise.all(names.map((name) => readFile(at(name), 'utf8')));
  };
  await expect.poll(exits).toEqual(said);
  const hasRun = said[0] === '4\n';
  expect(await readFile(at('stdout'), 'utf8')).toBe(hasRun ? 'ran\n' : '');
  if (existsSync(at('child.json')))
    expect(ChildRecord.parse(JSON.parse(await readFile(at('child.json'), 'utf8'))).guard).toBe(true);
});

test('SIGTERM reaches every process inside, and the guard exits by itself with the child’s status', async () => {
  await using log = await tempLog();
  const deep = `setsid sh -c 'trap "echo deep >>heard; exit 0" TERM; echo up >>up; while :; do sleep 0.05; done'`;
  const trap = `trap 'echo child >>heard; while ! grep -q deep heard; do sleep 0.02; done; exit 0' TERM`;
  await using scene = await childDoing(log, `${trap}; ${deep} & echo up >>up; while :; do sleep 0.05; done`);
  await expect.poll(() => scene.text('up')).toBe('up\nup\n');
  expect(await end(scene, { leftoversOnly: false })).toMatchObject({ kind: 'empty', killed: 0 });
  expect((await scene.text('heard')).split('\n').sort()).toEqual(['', 'child', 'deep']);
  expect(await exitOf(scene)).toBe('0');
  await expectNoProcessLeft(scene);
});

test.concurrent.each(DIFFICULT)('a child in the guard that %s can be ended', async (_, script) => {
  await using log = await tempLog();
  await using scene = await childDoing(log, script);
  await eventually(async () => (await scene.text('up')).includes('\n'), { what: 'a running child' });
  expect(await end(scene, { leftoversOnly: false })).toMatchObject({ kind: 'empty' });
  await expectNoProcessLeft(scene);
});

test.concurrent.each(DIFFICULT)('%s is gone once its child has ended', async (_, script) => {
  await using log = await tempLog();
  await using scene = await childDoing(log, leaving(script));
  expect(await untilExit(scene)).toBe('5');
  expect(await end(scene, { leftoversOnly: true })).toMatchObject({ kind: 'empty' });
  await expectNoProcessLeft(scene);
});
