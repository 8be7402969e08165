import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { configFolder } from '../../../../src/core/kernel/config-folder.ts';
import { dataFolder } from '../../../../src/core/project/worktrees/sandbox-folders.ts';
import { SERVICES_FAILED } from '../../../../src/core/session/events/fold.ts';
import { readServicesNow } from '../../../../src/core/session/folder/services-now.ts';
import { reservedPorts } from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { dieInTurn, writeDyingWorker } from '../../../core/faults/dying-workers.ts';
import { ci, ciIf } from '../../../support/ci.ts';
import { processesOf } from '../../../support/live-session.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { PLAN, STEPPED } from '../services-plan.ts';

/** Of the server that answers now; undefined if none does. */
async function serverId(rig: SessionRig): Promise<string | undefined> {
  const port = (await readServicesNow(rig.paths))?.services[0]?.port;
  const answer = await fetch(`http://localhost:${port}`).catch(() => undefined);
  return await answer?.text().catch(() => undefined);
}

/** The servers that run, by the variable that all processes of services carry. */
async function servers(rig: SessionRig): Promise<number> {
  const { processes } = rig.context().host;
  const all = await processes.list();
  const found = await Promise.all(
    all.map(async ({ pid }) => {
      const mark = await processes.environmentOf(pid, 'SAMOCODE_SESSION');
      const command = (await processes.commandOf(pid)) ?? '';
      return mark === `${rig.file.id}-services` && /^node /.test(command);
    }),
  );
  return found.filter(Boolean).length;
}

test.each(['off', 'strict'] as const)(
  'with SANDBOX=%s a killed worker leaves no service behind, and the next one starts each once',
  async (sandbox) => {
    await using rig = await startRig({ ...PLAN, sandbox, phase: 'implementation', scenario: HANGS });
    await rig.until(({ openIteration }) => openIteration !== undefined);
    await expect.poll(() => serverId(rig)).toBeTruthy();
    const before = await serverId(rig);
    await rig.killWorker();
    await rig.launch();
    await expect.poll(async () => (await serverId(rig)) ?? before).not.toBe(before);
    expect(await servers(rig)).toBe(1);

    // An agent asks for it by a file.
    const second = await serverId(rig);
    await writeFile(rig.paths.restartServices, '');
    await expect.poll(async () => (await serverId(rig)) ?? second).not.toBe(second);
    expect(await servers(rig)).toBe(1);

    await rig.stop();
    await rig.until(({ status }) => status.kind === 'stopped');
    await expect.poll(() => servers(rig)).toBe(0);
  },
);

test(
  'services for a person end with their worker, are started by the next, and end when they are no longer wanted',
  ci,
  async () => {
    await using rig = await startRig({ ...PLAN, at: 'stopped' });
    const question = { session: rig.paths.folder, projectDir: rig.repo.path };
    const { services } = await setServices({ ...question, want: 'up', waits: true }, rig.context());
    expect(services?.services).toMatchObject([{ name: 'web', state: 'ready' }]);
    const before = await serverId(rig);
    await rig.killWorker();
    await rig.launch();
    await expect.poll(async () => (await serverId(rig)) ?? before).not.toBe(before);
    expect(await servers(rig)).toBe(1);
    const { view } = await setServices({ ...question, want: 'down', waits: true }, rig.context());
    expect(view.state.servicesUp).toBeUndefined();
    await expect.poll(() => servers(rig)).toBe(0);
  },
);

/** The steps of the start and the end of services, in order: each worker dies at the next one. */
const STEPS = [
  'port-reserved',
  'port-reserved',
  'before-service',
  'service-begun',
  'ready-begun',
  'init-begun',
  'services-ready',
  'service-ended',
  'services-ended',
];
const DEATHS = STEPS.map((step) => ({ name: step, env: { SAMOCODE_CRASH_AT: step } }));

for (const sandbox of ['off', 'guard', 'strict'] as const)
  test(
    `with SANDBOX=${sandbox} workers that die at each step leave no service behind, and the next one starts each once, on the same port`,
    ciIf(sandbox === 'off'),
    async () => {
      await using scratch = await tempDir();
      const worker = await writeDyingWorker(scratch.path, DEATHS);
      await using rig = await startRig({ ...STEPPED, sandbox, phase: 'implementation', worker });
      await dieInTurn(rig, DEATHS, scratch.path);
      await rig.until(({ openIteration }) => openIteration?.iteration === 2);
      await expect.poll(() => serverId(rig)).toBeTruthy();
      expect(await servers(rig)).toBe(1);
      const failed = (await rig.events()).filter(
        (event) => 'code' in event && event.code === SERVICES_FAILED,
      );
      expect(failed).toEqual([]);
      const port = (await readServicesNow(rig.paths))?.services[0]?.port;
      const begun = await readFile(join(dataFolder(rig.file.worktreesDir, rig.file.folder), 'begun'), 'utf8');
      expect(new Set(begun.trim().split('\n'))).toEqual(new Set([String(port)]));
      expect(reservedPorts(join(configFolder(rig.repo.homeDir), 'ports'))).toHaveLength(2);
      await rig.stop();
      await rig.until(({ status }) => status.kind === 'stopped');
      await endOfWorker(rig);
      expect(await processesOf(rig.context().host, `${rig.file.id}-services`)).toEqual([]);
    },
  );
