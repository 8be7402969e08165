import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionReport } from '../../../../src/extensions/pages/report/collect.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { typed } from '../cli/typed.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig } from './server-rig.ts';

test('the proof of a done session is one line, the same in status, wait, the terminal and the report', async () => {
  await using serverRig = await makeServerRig();
  const { folder: session, ...paths } = await serverRig.addSession('26-01-08-boat', provedEvents({}));
  const { context, repo } = serverRig;
  const proof =
    "partly: only the plan's own checks: this project has no CHECK; 1 check in the agent's folder";
  const { json } = await askTool('get_status', { session }, context);
  expect(json.proof).toBe(proof);
  const waited = (await askTool('wait', { session, cursor: 0, timeout_s: 0 }, context)).json;
  expect(waited.proof).toBe(proof);
  for (const command of ['status', 'run']) {
    const { stdout } = await typed([command, session], { home: repo.homeDir, cwd: repo.path });
    expect(stdout).toContain('  summary   ');
    expect(stdout).toContain(`  proof     ${proof}\n`);
  }
  const view = (await readSession({ folder: session, ...paths }, context.host)) ?? expect.fail();
  const worker = { worker: 'none needed', isDying: false, unwatched: undefined } as const;
  const { proved } = await sessionReport({ view, worker, renderSteps: () => [] }, context);
  expect(`${proved?.how}: ${proved?.words}`).toBe(proof);
});

test('a log is shown as far as asked, from its end, and says that it is cut', async () => {
  await using rig = await makeServerRig();
  const { folder: session, sessionLog } = await rig.addSession('26-01-08-boat');
  await mkdir(dirname(sessionLog), { recursive: true });
  await writeFile(sessionLog, 'one\ntwo\nthree\n');
  const shown = async (...args: string[]) =>
    JSON.parse(
      (await typed(['log', session, '--json', ...args], { home: rig.repo.homeDir, cwd: rig.repo.path }))
        .stdout,
    );
  expect(await shown('--lines', '2')).toMatchObject({ lines: ['two', 'three'], is_cut: true });
  expect(await shown()).toMatchObject({ lines: ['one', 'two', 'three'], is_cut: false });
});
