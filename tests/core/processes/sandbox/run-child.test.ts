// @module-tag ci
import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { endTree } from '../../../../src/core/kernel/processes/end-tree.ts';
import { livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { ChildRecord, exitFile, runChild } from '../../../../src/core/sandbox/programs/run-child.ts';
import { bundleScript } from '../../../support/bundle-script.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const MARK = 'SAMOCODE_RUN_CHILD_TEST';

/** A folder for one child, which is a shell script. */
async function place(script: string, command: { env?: Record<string, string>; stdinPath?: string } = {}) {
  const dir = await tempDir('samocode-child-');
  const host = await systemHost();
  const at = (name: string) => join(dir.path, name);
  const options = {
    command: {
      file: '/bin/sh',
      args: ['-c', script],
      ...command,
      env: { PATH: process.env.PATH ?? '', [MARK]: dir.path, ...command.env },
    },
    name: 'samocode-child-test',
    cwd: dir.path,
    stdoutPath: at('stdout'),
    stderrPath: at('stderr'),
    recordPath: at('child.json'),
    exitPath: at('exit'),
  };
  const start = () => runChild({ ...options, host, clock: systemClock });
  const text = (name: string) => readFile(at(name), 'utf8').catch(() => undefined);
  return {
    dir: dir.path,
    at,
    host,
    options,
    start,
    text,
    /** The exit status that the wrapper recorded. */
    async exit(child: ChildRecord): Promise<string> {
      const recordedExit = () => readFile(exitFile(options.exitPath, child), 'utf8').catch(() => '');
      await expect.poll(recordedExit).not.toBe('');
      return (await recordedExit()).trim();
    },
    async [Symbol.asyncDispose]() {
      await endTree(undefined, { name: MARK, value: dir.path }, { host, clock: systemClock, graceMs: 0 });
      await dir[Symbol.asyncDispose]();
    },
  };
}

const eventually = (look: () => Promise<unknown>) => expect.poll(look);

test.each([
  ['exit 0', '0'],
  ['exit 7', '7'],
  ['exit 255', '255'],
  ['kill -TERM $$', '143'],
  ['kill -KILL $$', '137'],
  ['kill -INT $$', '130'],
  ['no-such-program', '127'],
])('a child that does "%s" has exit status %s', async (script, status) => {
  await using it = await place(script);
  expect(await it.exit(await it.start())).toBe(status);
});

test('its end is recorded without any program, whatever its PATH', async () => {
  await using it = await place('exit 3', { env: { PATH: '/nowhere' } });
  expect(await it.exit(await it.start())).toBe('3');
});

test('its output is appended directly to the files', async () => {
  await using it = await place('echo out; echo err >&2');
  await appendFile(it.at('stdout'), 'earlier\n');
  await it.exit(await it.start());
  expect([await it.text('stdout'), await it.text('stderr')]).toEqual(['earlier\nout\n', 'err\n']);
});

test('it reads nothing, or the given file', async () => {
  await using none = await place('cat; echo end');
  await none.exit(await none.start());
  expect(await none.text('stdout')).toBe('end\n');
  await using it = await place('cat');
  await writeFile(it.at('prompt'), 'the prompt\n');
  Object.assign(it.options.command, { stdinPath: it.at('prompt') });
  await it.exit(await it.start());
  expect(await it.text('stdout')).toBe('the prompt\n');
});

test('its identity is on disk before it starts', async () => {
  await using it = await place('cat child.json');
  const child = await it.start();
  await it.exit(child);
  expect(ChildRecord.parse(JSON.parse((await it.text('stdout')) ?? ''))).toEqual(child);
  expect(ChildRecord.parse(JSON.parse((await it.text('child.json')) ?? ''))).toEqual(child);
});

test('it has its own group and process session, and no pipe to its starter', async () => {
  await using it = await place('[ -e /proc/$$/fd/3 ] && echo leak || echo none; exec sleep 300');
  const { wrapper } = await it.start();
  const all = await it.host.processes.list();
  expect(all.find(({ pid }) => pid === wrapper.pid)).toMatchObject({ pgid: wrapper.pid, sid: wrapper.pid });
  await eventually(() => it.text('stdout')).toBe('none\n');
});

test('its environment is the given one, and names neither the exit file nor the wrapper', async () => {
  const env = { exit_file: 'mine', status: 'mine', word: 'mine', IFS: ':' };
  await using it = await place('env', { env });
  await it.exit(await it.start());
  const stdout = (await it.text('stdout')) ?? '';
  const names = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('=')[0] ?? '');
  expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).sort()).toEqual(
    [...Object.keys(env), 'PATH', MARK].sort(),
  );
  expect(stdout).toContain('status=mine\n');
  expect(stdout).not.toContain(it.options.exitPath);
});

test('arguments with spaces, quotes and dollar signs are passed unchanged', async () => {
  const words = ['a b', `it's "so"`, '$HOME `id` \\', '', '-n', 'ü🙂\nline'];
  await using it = await place('');
  const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  Object.assign(it.options.command, { file: process.execPath, args: ['-e', program, '--', ...words] });
  await it.exit(await it.start());
  expect(JSON.parse((await it.text('stdout')) ?? '')).toEqual(words);
});

test('TERM to the group ends the child, and the wrapper survives to record how', async () => {
  await using it = await place('echo up; sleep 300; echo never');
  const child = await it.start();
  await eventually(() => it.text('stdout')).toBe('up\n');
  process.kill(-child.wrapper.pid, 'SIGTERM');
  expect(await it.exit(child)).toBe('143');
  expect(await it.text('stdout')).toBe('up\n');
});

test('a child that ends slowly after TERM is waited for', async () => {
  await using it = await place('trap "sleep 0.3; exit 5" TERM; echo up; while :; do sleep 0.05; done');
  const child = await it.start();
  await eventually(() => it.text('stdout')).toBe('up\n');
  process.kill(-child.wrapper.pid, 'SIGTERM');
  expect(await it.exit(child)).toBe('5');
});

test('a wrapper that is killed alone records nothing, and its child is found by its marker', async () => {
  await using it = await place('echo up; exec sleep 300');
  const { wrapper } = await it.start();
  await eventually(() => it.text('stdout')).toBe('up\n');
  process.kill(wrapper.pid, 'SIGKILL');
  await eventually(() => livenessOf(it.host, wrapper)).toBe('dead');
  expect((await readdir(it.dir)).filter((name) => name.startsWith('exit'))).toEqual([]);
  const mark = { name: MARK, value: it.dir };
  const end = await endTree({ ...wrapper, pgid: wrapper.pid }, mark, {
    host: it.host,
    clock: systemClock,
    graceMs: 5000,
  });
  expect(end).toEqual({ kind: 'empty', signalled: 1, killed: 0 });
});

test('a child outlives its starter', async () => {
  await using it = await place('sleep 0.5; echo done; exit 3');
  const starter = await bundleScript('child-starter.ts', it.dir);
  const { status } = spawnSync(process.execPath, [starter, JSON.stringify(it.options)]);
  expect(status).toBe(0);
  const child = ChildRecord.parse(JSON.parse((await it.text('child.json')) ?? ''));
  expect(await it.exit(child)).toBe('3');
  expect(await it.text('stdout')).toBe('done\n');
});

test.each([
  ['before-spawn', []],
  ['after-spawn', ['never started\n']],
  ['before-go', ['never started\n']],
])('a starter that is killed at %s has started nothing', async (step, recordedExit) => {
  await using it = await place('echo ran');
  const starter = await bundleScript('child-starter.ts', it.dir, { faults: true });
  const env = { ...process.env, SAMOCODE_CRASH_AT: step };
  expect(spawnSync(process.execPath, [starter, JSON.stringify(it.options)], { env }).signal).toBe('SIGKILL');
  const exits = async () => {
    const names = (await readdir(it.dir)).filter((name) => /^exit\.\d+$/.test(name));
    return await Promise.all(names.map((name) => it.text(name)));
  };
  await eventually(exits).toEqual(recordedExit);
  expect(await it.text('stdout')).toBe('');
});

test('a starter killed after its go signal has started the child once', async () => {
  await using it = await place('echo ran; exit 4');
  const starter = await bundleScript('child-starter.ts', it.dir, { faults: true });
  const env = { ...process.env, SAMOCODE_CRASH_AT: 'after-go' };
  spawnSync(process.execPath, [starter, JSON.stringify(it.options)], { env });
  const child = ChildRecord.parse(JSON.parse((await it.text('child.json')) ?? ''));
  expect(await it.exit(child)).toBe('4');
  expect(await it.text('stdout')).toBe('ran\n');
});

test('a signal to the waiting wrapper does not start the child', async () => {
  await using it = await place('echo ran');
  const starter = await bundleScript('child-starter.ts', it.dir, { faults: true });
  // The wrapper gets TERM while its starter is stopped before its go signal, and then dies.
  const env = { ...process.env, SAMOCODE_CRASH_AT: 'before-go' };
  spawnSync(process.execPath, [starter, JSON.stringify(it.options)], { env });
  const { wrapper } = ChildRecord.parse(JSON.parse((await it.text('child.json')) ?? ''));
  await eventually(() => livenessOf(it.host, wrapper)).toBe('dead');
  expect(await it.text('stdout')).toBe('');
});

test('without its working directory nothing is started, and an error is thrown', async () => {
  await using it = await place('echo ran');
  it.options.cwd = it.at('no such folder');
  await expect(it.start()).rejects.toMatchObject({ code: 'child_not_started' });
  expect(await it.text('child.json')).toBeUndefined();
});

test('if its record cannot be written, the child never starts, and its wrapper exits', async () => {
  await using it = await place('echo ran');
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(it.start()).rejects.toThrow('ENOSPC');
  }
  const exits = async () => (await readdir(it.dir)).filter((name) => /^exit\.\d+$/.test(name));
  await eventually(exits).toHaveLength(1);
  expect(await it.text((await exits())[0] ?? '')).toBe('never started\n');
  expect(await it.text('stdout')).toBe('');
});

test('a pipe or link planted at the path of a log neither blocks nor is followed', async () => {
  await using it = await place('echo out; echo err >&2');
  spawnSync('mkfifo', [it.options.stdoutPath]);
  await writeFile(it.at('victim'), 'mine\n');
  await symlink(it.at('victim'), it.options.stderrPath);
  await it.exit(await it.start());
  expect([await it.text('stdout'), await it.text('stderr'), await it.text('victim')]).toEqual([
    'out\n',
    'err\n',
    'mine\n',
  ]);
});

test('an exit status that cannot be written leaves no partial file', async () => {
  await using it = await place('echo up; sleep 0.2');
  await mkdir(it.at('gone'));
  it.options.exitPath = it.at('gone/exit');
  const { wrapper } = await it.start();
  await eventually(() => it.text('stdout')).toBe('up\n');
  spawnSync('rm', ['-r', it.at('gone')]);
  await eventually(() => livenessOf(it.host, wrapper)).toBe('dead');
  expect(await readdir(it.dir)).not.toContain('gone');
});
