// @module-tag ci
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { type Host, identify, livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  isRunning,
  type ProcessTable,
  parsePsLine,
  parseStat,
  procTable,
  psEnvironments,
  psTable,
} from '../../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const TABLES: [string, ProcessTable][] = [
  ['/proc', procTable()],
  ['ps', psTable()],
];

test.each(TABLES)('%s lists this process, its parent and its children', async (_, table) => {
  const child = spawn('sleep', ['300'], {
    env: { ...process.env, SAMOCODE_TEST_MARK: 'it is=this' },
    detached: true,
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const all = await table.list();
  expect(all.find((entry) => entry.pid === pid)).toMatchObject({ ppid: process.pid, pgid: pid, sid: pid });
  expect(await table.read(pid)).toEqual({
    ...all.find((entry) => entry.pid === pid),
    // While still starting, it was seen as running; a moment later it sleeps.
    state: expect.any(String),
    cpuTicks: expect.any(Number),
  });
  expect((await table.environmentOf(pid, 'SAMOCODE_TEST_MARK'))?.split(' ')[0]).toBe('it');
  expect(await table.environmentOf(pid, 'SAMOCODE_TEST')).toBeUndefined();
  expect(await table.commandOf(pid)).toBe('sleep 300');
  child.kill('SIGSTOP');
  await expect.poll(async () => (await table.read(pid))?.state).toBe('T');
  expect(isRunning(await table.read(pid))).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await table.read(pid)).toBeUndefined();
  expect(await table.environmentOf(pid, 'SAMOCODE_TEST_MARK')).toBeUndefined();
  expect(await table.commandOf(pid)).toBeUndefined();
});

/** A thread of a program, which starts another one. */
const FROM_THREAD = `const { Worker } = require('node:worker_threads');
new Worker("require('node:child_process').spawn('sleep', ['300']); setInterval(() => {}, 1e6)", { eval: true });`;

test.each(TABLES)('%s leads from a process to those that any of its threads started', async (_, table) => {
  const child = spawn(process.execPath, ['-e', FROM_THREAD], { detached: true });
  await once(child, 'spawn');
  const { pid = 0 } = child;
  const started = async () => (await table.walk()).childrenOf(pid);
  await expect.poll(started).toHaveLength(1);
  const [sleeping = 0] = await started();
  expect((await table.walk()).read(sleeping)).toMatchObject({ ppid: pid, pgid: pid });
  process.kill(-pid, 'SIGKILL');
  await once(child, 'exit');
  const walk = await table.walk();
  expect([walk.read(pid), walk.childrenOf(pid)]).toEqual([undefined, []]);
});

test.each(TABLES)('%s distinguishes a zombie from a running process', async (_, table) => {
  // It ends when its input does, and by then its parent is a program that does not wait for children.
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 300 3<&-'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  const [line] = await once(parent.stdio[1] as Readable, 'data');
  const zombie = Number(String(line));
  const { pid = 0 } = parent;
  await expect.poll(() => table.commandOf(pid)).toBe('sleep 300');
  (parent.stdio[3] as Writable).end();
  await expect.poll(async () => (await table.read(zombie))?.state).toBe('Z');
  expect(isRunning(await table.read(zombie))).toBe(false);
  parent.kill('SIGKILL');
});

test.each(TABLES)('%s does not mistake an argument for a variable', async (_, table) => {
  const child = spawn('sh', ['-c', 'sleep 300; :', 'SAMOCODE_TEST_MARK=argument'], { detached: true });
  await once(child, 'spawn');
  expect(await table.environmentOf(child.pid ?? 0, 'SAMOCODE_TEST_MARK')).toBeUndefined();
  process.kill(-(child.pid ?? 0), 'SIGKILL');
});

test.each(TABLES)('%s counts the CPU time of a process', async (_, table) => {
  const busy = spawn('sh', ['-c', 'while :; do :; done']);
  await once(busy, 'spawn');
  await expect.poll(async () => (await table.read(busy.pid ?? 0))?.cpuTicks).toBeGreaterThan(50);
  busy.kill('SIGKILL');
});

const STAT = '42 (a (b) c) S 7 42 40 0 -1 4194304 1 0 0 0 11 5 0 0 20 0 1 0 987654 1 2 3';

test('a line of /proc is read for any command name', () => {
  const entry = { pid: 42, ppid: 7, pgid: 42, sid: 40, state: 'S', startTicks: '987654', cpuTicks: 16 };
  expect(parseStat(STAT)).toEqual(entry);
  expect(parseStat(STAT.replace('a (b) c', ') R 1 1 1'))).toEqual(entry);
});

test('a kernel thread is distinguished from a program', () => {
  expect(parseStat(STAT.replace('4194304', '2129984'))).toMatchObject({ isKernel: true });
  expect(parseStat(STAT)).not.toHaveProperty('isKernel');
});

test('a process whose first thread is gone while others run is not dead', () => {
  const gone = STAT.replace(' S ', ' Z ');
  expect(isRunning(parseStat(gone))).toBe(false);
  expect(isRunning(parseStat(gone.replace(' 20 0 1 0 ', ' 20 0 3 0 ')))).toBe(true);
});

test.each([
  // macOS 14
  [
    '  501     1   501      0 Ss    0:01.25 Thu Jan  8 10:00:01 2026',
    { pid: 501, state: 'S', cpuTicks: 125 },
  ],
  ['80210 80199 80199      0 U+   12:03.04 Thu Jan  8 10:00:01 2026', { state: 'U', cpuTicks: 72304 }],
  ['  333     1   333      0 Z     0:00.00 Thu Jan  8 10:00:01 2026', { state: 'Z' }],
  // procps
  [
    '      1       0       1       1 S 00:00:13 Thu Jan  8 10:00:01 2026',
    { pid: 1, ppid: 0, sid: 1, cpuTicks: 1300 },
  ],
  ['  99 1 99 99 T 2-03:04:05 Fri Feb 13 01:02:03 2026', { state: 'T', cpuTicks: 18_384_500 }],
  // busybox-like and BSD: a dash in place of the session
  ['  99 1 99 - R 0:00.10 Fri Feb 13 01:02:03 2026', { sid: 0, cpuTicks: 10 }],
])('a line of ps is read: %s', (line, expected) => {
  expect(parsePsLine(line)).toMatchObject({ ...expected, startTicks: line.split(/\s+/).slice(-5).join(' ') });
});

test('a malformed line of ps is skipped', () => {
  expect(['', '   ', 'ps: no such process', '  1 2 3 4 S'].map(parsePsLine)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('environments are what ps prints after the command', () => {
  const plain = ['    7 sleep 9', '   8 sh -c SAMOCODE_SESSION=x', '  9 gone'];
  const full = [
    '    7 sleep 9 HOME=/h SAMOCODE_SESSION=y',
    '   8 sh -c SAMOCODE_SESSION=x HOME=/h',
    '  10 new A=b',
  ];
  expect([...psEnvironments(plain, full)]).toEqual([
    [7, ' HOME=/h SAMOCODE_SESSION=y'],
    [8, ' HOME=/h'],
  ]);
});

test('a process that ends between the listing and the reading is skipped', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, '42'));
  await mkdir(join(dir.path, '43'));
  await writeFile(join(dir.path, '42', 'stat'), STAT);
  const table = procTable(dir.path);
  expect(await table.list()).toEqual([parseStat(STAT)]);
  expect(await table.environmentOf(43, 'HOME')).toBeUndefined();
});

test('where the kernel lists no children, they are found among all processes', async () => {
  await using dir = await tempDir();
  const parent = String(parseStat(STAT)?.ppid);
  for (const pid of [parent, '42']) await mkdir(join(dir.path, pid));
  await writeFile(join(dir.path, '42', 'stat'), STAT);
  const walk = await procTable(dir.path).walk();
  expect(walk.childrenOf(Number(parent)).map(walk.read)).toEqual([parseStat(STAT)]);
});

test('a variable is found in an environment of any size, and only under its whole name', async () => {
  await using dir = await tempDir();
  const table = procTable(dir.path);
  const lines = [
    'MY_MARK=other',
    'NOTE=MARK=inside',
    `LONG=${'x'.repeat(100_000)}`,
    'MARK=ä=b',
    'MARK=second',
  ];
  await mkdir(join(dir.path, '42'));
  await writeFile(join(dir.path, '42', 'environ'), `${lines.join('\0')}\0`);
  expect(await table.environmentOf(42, 'MARK')).toBe('ä=b');
  expect(await table.environmentOf(42, 'MY_MARK')).toBe('other');
  expect(await table.environmentOf(42, 'ARK')).toBeUndefined();
  await writeFile(join(dir.path, '42', 'environ'), 'MARK=unended');
  expect(await table.environmentOf(42, 'MARK')).toBe('unended');
  await writeFile(join(dir.path, '42', 'environ'), '');
  expect(await table.environmentOf(42, 'MARK')).toBeUndefined();
});

/** A machine as macOS reports it, in the time zone of the last call of `zone`. */
async function travellingHost() {
  const dir = await tempDir();
  const zoneFile = join(dir.path, 'zone');
  const ps = await program(dir.path, `[ -n "$TZ" ] || TZ=$(cat '${zoneFile}'); export TZ; exec /bin/ps "$@"`);
  const host: Host = { ...(await systemHost()), processes: psTable(ps) };
  return {
    ps,
    host,
    zone: (name: string) => writeFile(zoneFile, name),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

async function program(dir: string, script: string): Promise<string> {
  const path = join(dir, 'ps');
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

test('a process keeps its identity when the time zone of the machine changes', async () => {
  await using machine = await travellingHost();
  await machine.zone('EST5');
  const self = await identify(machine.host, process.pid);
  await machine.zone('JST-9');
  expect(self && (await livenessOf(machine.host, self))).toBe('alive');
});

test('a killed ps is not evidence of a dead process', async () => {
  await using dir = await tempDir();
  const host = { ...(await systemHost()), processes: psTable(await program(dir.path, 'kill -9 $$')) };
  const self = { ...(await identify(await systemHost(), process.pid)), startTicks: '1' };
  await expect(livenessOf(host, self as never)).rejects.toMatchObject({ code: 'EAGAIN' });
});

test.each([
  ['this program', 'this boot', ''],
  ['the recording program', '', 'this boot'],
])('a process has an unknown state if %s could not read the boot', async (_, recorded, now) => {
  const host = hostWith([entryOf(7)], { bootId: now });
  const identity = {
    pid: 7,
    startTicks: '100',
    hostId: host.hostId,
    bootId: recorded,
    pidNamespace: 'pid:[1]',
  };
  expect(await livenessOf(host, identity)).toBe('unknowable');
});

test('a failed read of the host is retried', async () => {
  const module = pathToFileURL(resolve('src/core/kernel/processes/host.ts')).href;
  const script = `
    import { closeSync, openSync } from 'node:fs';
    const { systemHost } = await import(${JSON.stringify(module)});
    const files = [];
    try { for (;;) files.push(openSync('/dev/null')); } catch {}
    await systemHost().catch((error) => console.log('threw ' + error.code));
    for (const file of files) closeSync(file);
    console.log((await systemHost()).hostId !== '');`;
  const shell = 'ulimit -n 128; exec "$0" --import tsx --input-type=module -e "$1"';
  const { stdout } = await runCommand('sh', ['-c', shell, process.execPath, script], { cwd: resolve('.') });
  expect(stdout).toBe('threw EMFILE\ntrue\n');
});
