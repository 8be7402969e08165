import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { readServicesNow } from '../../../../src/core/session/services-now.ts';
import { ci } from '../../../support/ci.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** Answers with a number that each start chooses. */
const SERVER = `const id = String(Math.random());
require('node:http').createServer((_, response) => response.end(id)).listen(Number(process.env.PORT), '127.0.0.1');
`;
const PLAN = {
  lines: { PORTS: 'web', SERVICE_WEB: 'exec node server.cjs' },
  repo: { files: { 'server.cjs': SERVER } },
} as const;

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
