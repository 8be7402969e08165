import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { findGuardTool } from '../../../../src/core/sandbox/guard/make-guard.ts';
import type { Inside } from '../../../../src/extensions/application/served-place.ts';
import { startServices } from '../../../../src/extensions/application/services/run-services.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a service in the guard may save its data after SIGTERM, and ends with all that it started', async () => {
  await using dir = await tempDir();
  const bwrap = findGuardTool(process.env)?.path ?? expect.fail();
  const mounts = ['--bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
  const inside: Inside = (command) => [
    ...([bwrap, ...mounts, '--unshare-pid', '--die-with-parent', '--'] as [string, ...string[]]),
    ...command,
  ];
  const mark = { name: 'SAMOCODE_SESSION', value: `test-${process.pid}-guarded` };
  const command =
    "setsid sleep 600 & trap 'sleep 1; touch {data}/saved; exit' TERM; while :; do sleep 0.1; done";
  const application = {
    ...{ ports: [], services: [{ name: 'db', command }], ready: {}, env: {}, in: [], pages: [] },
  };
  const host = await systemHost();
  const data = join(dir.path, 'data');
  const running = await startServices(
    {
      ...{ application, cwd: dir.path, ports: {}, data, mark, insideFor: () => inside },
      env: { PATH: process.env.PATH ?? '', [mark.name]: mark.value },
      ...{ outputDir: join(dir.path, 'services'), outputRoot: dir.path },
    },
    { clock: systemClock, host, signal: new AbortController().signal },
  );
  expect(running.failures).toEqual([]);
  await running.end();
  expect(existsSync(join(data, 'saved'))).toBe(true);
  const all = await host.processes.list();
  const values = await Promise.all(all.map(({ pid }) => host.processes.environmentOf(pid, mark.name)));
  expect(values).not.toContain(mark.value);
});
