import { expect, test } from 'vitest';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { readServicesNow } from '../../../../src/core/session/folder/services-now.ts';
import { ci } from '../../../support/ci.ts';
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
