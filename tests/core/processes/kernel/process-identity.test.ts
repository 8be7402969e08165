// @module-tag ci
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { type Host, identify, livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { psTable } from '../../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
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
