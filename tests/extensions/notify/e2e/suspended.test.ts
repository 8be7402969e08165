import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { readChildRecordAt } from '../../../core/faults/child-record.ts';
import { childWorks } from '../../../core/faults/with-settings.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ciIf } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { connect } from '../../../support/mcp-client.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { stoppedPage } from '../../../support/stopped-page.ts';
import { supervisorPids } from '../../../support/supervisors.ts';

type Program = AsyncDisposable & { pid: number };

/** The rig ends it. */
function running(pid = Number.NaN): Program {
  if (Number.isNaN(pid)) throw new Error('It does not run.');
  return { pid, [Symbol.asyncDispose]: async () => undefined };
}

/** What every other program says while one of them is suspended. */
interface Row {
  program: string;
  /** Begins it where it does not run yet. `pid` less than 0: its group. */
  find: (rig: SessionRig) => Promise<Program>;
  /** The standard output and the errors of each command contain these words. */
  says?: { status?: string; message?: string; stop?: string; supervisor?: string; doctor?: string };
  /** Only a supervisor notifies. */
  notifiesLater?: true;
  endsByStop?: true;
  ci?: true;
}

const QUEUED = 'is queued, and has no effect yet';
const ROWS: readonly Row[] = [
  {
    program: 'server',
    find: ({ repo }) => connect({ cwd: repo.path, env: repo.env, clientName: 'suspended' }),
  },
  {
    program: 'worker',
    find: async (rig) => running(await rig.workerPid()),
    says: { status: 'Its worker does nothing', message: QUEUED, stop: QUEUED },
    ci: true,
  },
  {
    program: 'supervisor',
    find: async ({ repo }) => running((await supervisorPids(repo.homeDir))[0]),
    says: { supervisor: 'The supervisor does nothing: process', doctor: 'The supervisor does nothing' },
    notifiesLater: true,
  },
  { program: 'page', find: ({ repo }) => stoppedPage(repo.homeDir) },
  {
    program: 'agent',
    find: async (rig) => running(-(await readChildRecordAt(rig, 1)).pid),
    endsByStop: true,
  },
];

/** The limit of any answer, on a machine that does other things too. */
const LIMIT_MS = 10_000;

async function answer(rig: SessionRig, args: readonly string[]): Promise<string> {
  const { cli } = await builtPrograms();
  const at = { cwd: rig.repo.path, env: rig.repo.env, timeoutMs: LIMIT_MS };
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [cli, ...args], at);
  expect(exitCode, `samocode ${args.join(' ')} ends within ${LIMIT_MS} ms`).not.toBe(null);
  return `${stdout}${stderr}`;
}

/** Only the first agent of the first session waits. */
const WAITS =
  'case "$REHEARSAL_SESSION_DIR" in *another*) ;; *) until [ -e "$HOME/go-on" ]; do sleep 0.1; done; esac';
const SCENARIO = {
  rules: [{ when: { iteration: 1 }, do: [{ act: 'run', command: ['sh', '-c', WAITS] }, { act: 'normal' }] }],
};

for (const row of ROWS) {
  test(
    `while the ${row.program} is suspended, every other program answers in time and says what is true`,
    ciIf(row.ci),
    async () => {
      await using hook = await hookServer();
      await using rig = await startRig({
        supervised: true,
        scenario: SCENARIO,
        files: { 'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\n` },
      });
      await childWorks(rig, 1);
      await eventually(async () => (await supervisorPids(rig.repo.homeDir)).length === 1, {
        what: 'its supervisor',
      });
      await using program = await row.find(rig);
      const { pid } = program;
      process.kill(pid, 'SIGSTOP');
      const session = rig.paths.folder;
      const { says = {} } = row;
      expect(await answer(rig, ['status', session])).toContain(says.status ?? 'running for');
      expect(await answer(rig, ['list'])).toContain('running');
      expect(await answer(rig, ['plan', session])).toContain('There is no plan to read');
      expect(await answer(rig, ['supervisor', '--status'])).toContain(
        says.supervisor ?? 'The supervisor is running',
      );
      expect(await answer(rig, ['doctor'])).toContain(says.doctor ?? 'Sessions can run here');
      expect(await answer(rig, ['message', session, 'Blue ones'])).toContain(
        says.message ?? 'gets the message',
      );
      expect(await answer(rig, ['start', '--task', 'another boat'])).toContain('is started');
      expect(await answer(rig, ['stop', session, '--now'])).toContain(says.stop ?? 'is stopped');
      const notified = () =>
        eventually(
          async () =>
            hook.accepted.some(({ notifications }) => notifications[0]?.session.includes('another')),
          {
            what: 'the notification of the other session',
          },
        );
      if (!row.notifiesLater) await notified();
      // A stop has ended a suspended agent.
      if (!row.endsByStop) process.kill(pid, 'SIGCONT');
      await notified();
      await writeFile(join(rig.repo.homeDir, 'go-on'), '');
      await rig.until(({ status }) => status.kind === 'stopped', { leaveDead: true });
      const kept = (await rig.events()).filter(({ type }) => type === 'message_kept');
      expect(kept).toHaveLength(1);
    },
  );
}
