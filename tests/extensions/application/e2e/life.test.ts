import { readFile, writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { isoUtc } from '../../../../src/core/kernel/clock.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { readServicesNow } from '../../../../src/core/session/folder/services-now.ts';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const SERVER = `require('node:http')
  .createServer((_, response) => response.end('hello from ' + process.env.GREETING))
  .listen(Number(process.env.PORT_WEB), '127.0.0.1');
`;
const ASK =
  "node -e \"fetch('http://localhost:' + process.env.PORT).then((r) => r.text()).then((t) => process.exit(t === 'hello from here' ? 0 : 1))\"";

const LINES = {
  PORTS: 'web,spare',
  SERVICE_WEB: 'exec node server.cjs',
  SERVICE_INIT: 'touch {data}/made',
  ENV_GREETING: 'here',
  CHECK: ASK,
};
const FILES = { files: { 'server.cjs': SERVER } };

async function servedPids(rig: SessionRig): Promise<number[]> {
  const { processes } = rig.context().host;
  const all = await processes.list();
  const values = await Promise.all(all.map(({ pid }) => processes.environmentOf(pid, 'SAMOCODE_SESSION')));
  return all.flatMap(({ pid }, at) => (values[at]?.startsWith(`${rig.file.id}-`) ? [pid] : []));
}

test.each(['off', 'guard', 'strict'] as const)(
  'with SANDBOX=%s agents, checks and a person use the services of a session, and none is left',
  ci,
  async (sandbox) => {
    await using rig = await startRig({ sandbox, phase: 'done', lines: LINES, repo: FILES });
    const { proved } = await rig.until(({ status }) => status.kind === 'done' || status.kind === 'blocked');
    const runs = (await rig.events()).flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
    expect(runs.map(({ command, exitCode }) => [command, exitCode])).toContainEqual([ASK, 0]);
    expect(proved?.commands).toEqual([ASK]);
    await endOfWorker(rig);
    expect(await servedPids(rig)).toEqual([]);

    const question = { session: rig.paths.folder, projectDir: rig.repo.path };
    const up = await setServices({ ...question, want: 'up', waits: true }, rig.context());
    const url = up.services?.url ?? '';
    expect(await (await fetch(url)).text()).toBe('hello from here');
    const down = await setServices({ ...question, want: 'down', waits: true }, rig.context());
    expect(down.view.state.servicesUp).toBeUndefined();
    await endOfWorker(rig);
    expect(await servedPids(rig)).toEqual([]);
    expect((await readServicesNow(rig.paths))?.services).toMatchObject([
      { name: 'web', state: 'ended' },
      { name: 'init', state: 'ended' },
    ]);
  },
);

async function wanted(rig: SessionRig) {
  return (await rig.events()).flatMap((event) => (event.type === 'services_wanted' ? [event.want] : []));
}

/** Has its worker look at the session once more, after all that happened before. */
async function looksAgain(rig: SessionRig): Promise<void> {
  const { by, clock } = rig.context();
  const before = (await wanted(rig)).length;
  const head = { v: 1, id: ulid(), by, at: isoUtc(clock.now()) } as const;
  await leaveCommand(rig.paths, { ...head, kind: 'services', want: 'up' });
  await expect.poll(() => wanted(rig)).toHaveLength(before + 1);
}

test('services of a person stay up while answers are typed, and end once these count', async () => {
  await using rig = await startRig({ at: 'asking', lines: { SERVICE_QUEUE: 'exec sleep 600' } });
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 24 * 60 * 60_000 } });
  const edit = async (change: (text: string) => string) =>
    await writeFile(rig.paths.qa, change(await readFile(rig.paths.qa, 'utf8')));
  const up = { session: rig.paths.folder, projectDir: rig.repo.path, want: 'up', waits: true } as const;
  const { services } = await setServices(up, { ...rig.context(), clock: PATIENT_CLOCK });
  expect(services?.services).toMatchObject([{ name: 'queue', state: 'ready' }]);
  await edit((text) => text.replaceAll('_waiting_', 'A'));
  await looksAgain(rig);
  await looksAgain(rig);
  expect(await wanted(rig)).toEqual(['up', 'up', 'up']);
  await edit((text) => text.replace('Status: waiting', 'Status: answered'));
  await expect.poll(() => wanted(rig)).toContain('down');
});

test('a typed answer that chooses nothing ends no services of a person: it is explained, and the next one counts', async () => {
  const lines = { SERVICE_QUEUE: 'exec sleep 600', CHECK: 'false' };
  await using rig = await startRig({ here: true, lines, scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers');
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 24 * 60 * 60_000 } });
  const edit = async (change: (text: string) => string) =>
    await writeFile(rig.paths.qa, change(await readFile(rig.paths.qa, 'utf8')));
  const up = { session: rig.paths.folder, projectDir: rig.repo.path, want: 'up', waits: true } as const;
  await setServices(up, { ...rig.context(), clock: PATIENT_CLOCK });
  const answer = (text: string) => (qa: string) => {
    // The question of samocode itself comes last.
    const at = qa.indexOf('already fails');
    const before = qa.slice(0, at).replaceAll('_waiting_', 'A');
    const after = qa.slice(at).replace(/^\*\*Answer:\*\* .*$/m, `**Answer:** ${text}`);
    return `${before}${after}`.replace('Status: waiting', 'Status: answered');
  };
  await edit(answer('B that is intended'));
  await expect.poll(() => readFile(rig.paths.qa, 'utf8')).toContain('Not recorded: "B that is intended"');
  await looksAgain(rig);
  await looksAgain(rig);
  expect(await wanted(rig)).not.toContain('down');
  await edit(answer('B'));
  await expect.poll(() => wanted(rig)).toContain('down');
});
