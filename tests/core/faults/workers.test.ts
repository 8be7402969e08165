import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { endings, recoveries } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { first, SLOW_FIRST, shell } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { readChildRecordAt } from './child-record.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { childWorks, withSettings } from './with-settings.ts';

/** The first agent works until the row lets it go on, however long its machine takes for what happens meanwhile. */
const WAITS = shell('until [ -e "$HOME/go-on" ]; do sleep 0.1; done');
const waitingFirst = first(WAITS, { act: 'normal' });
const goOn = (rig: SessionRig) => writeFile(join(rig.repo.homeDir, 'go-on'), '');

async function signalChild(rig: SessionRig, signal: NodeJS.Signals): Promise<void> {
  const { pid } = await readChildRecordAt(rig, 1);
  process.kill(pid, signal);
}

const rows: FaultRow[] = [
  withSettings(
    {},
    {
      ci: true,
      name: 'after a worker that is killed while an agent works, the next one adopts the agent',
      rules: waitingFirst,
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await rig.launch();
        await eventually(async () => (await recoveries(rig)).includes('adopt'), { what: 'its adoption' });
        await goOn(rig);
      },
      ends: AT_THE_GATE,
      also: async (rig) => {
        const starts = (await rig.events()).filter((event) => event.type === 'iteration_started');
        expect(starts.map((event) => event.iteration)).toEqual([1]);
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'three workers killed one after the other share one agent',
      rules: [{ when: { iteration: 1 }, do: [{ act: 'sleep', ms: 5000 }, { act: 'normal' }] }],
      act: async (rig) => {
        for (let times = 0; times < 3; times += 1) {
          await childWorks(rig, 1);
          await rig.killWorker();
          await rig.launch();
          await rig.until(() => true);
        }
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'the iteration of an agent that ends while no worker runs is finished by the next one',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        for (
          const end = Date.now() + 20_000;
          (await rig.processesWithMark()).length > 0 && Date.now() < end;
        ) {
          await systemClock.sleep(50);
        }
      },
      ends: AT_THE_GATE,
      also: async (rig) => expect(await recoveries(rig)).toContain('finish'),
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'after wrapper and worker are killed, the remaining agent is ended before another runs',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        await signalChild(rig, 'SIGKILL');
        await rig.killWorker();
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a wrapper killed alone ends the iteration as crashed, and the next agent runs alone',
      rules: SLOW_FIRST,
      sparesWorker: true,
      act: async (rig) => {
        await childWorks(rig, 1);
        await signalChild(rig, 'SIGKILL');
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { timeLimitMs: 15_000 },
    {
      name: 'suspending a worker costs its agent no time',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        const pid = (await rig.workerPid()) ?? 0;
        process.kill(pid, 'SIGSTOP');
        // Its agent needs some seconds, and on a busy machine more.
        await systemClock.sleep(15_000);
        process.kill(pid, 'SIGCONT');
      },
      ends: AT_THE_GATE,
      also: async (rig) => {
        expect(await endings(rig)).toEqual(['signalled']);
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'the lease of a suspended worker is not taken',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        const pid = (await rig.workerPid()) ?? 0;
        process.kill(pid, 'SIGSTOP');
        const { sessionsDir, folder } = rig.paths;
        const second = [rig.program('worker'), sessionsDir, folder];
        // It has checked and left.
        await runCommand(process.execPath, second, { cwd: rig.repo.path, env: rig.repo.env });
        expect(await rig.workerPid()).toBe(pid);
        process.kill(pid, 'SIGCONT');
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'of many workers launched at once one remains',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await Promise.all(Array.from({ length: 6 }, () => rig.launch()));
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'a stop requested while no worker runs ends the agent that outlived its worker',
      rules: [{ when: { iteration: 1 }, do: [{ act: 'ignore-term' }, { act: 'hang' }] }],
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await rig.stop('now');
      },
      ends: 'stopped',
    },
  ),
  withSettings(
    {},
    {
      name: 'a stop after the iteration lets the agent finish',
      rules: SLOW_FIRST,
      sparesWorker: true,
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.stop('after_iteration');
      },
      ends: 'stopped',
      also: async (rig) => {
        const ended = (await rig.events()).find((event) => event.type === 'iteration_ended');
        expect(ended).toMatchObject({ ending: 'signalled' });
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'drafts of a killed worker and a killed agent are removed',
      rules: SLOW_FIRST,
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await writeFile(join(rig.paths.sessionDir, '._overview.md.0123456789ab.draft'), 'half');
        await signalChild(rig, 'SIGKILL');
      },
      ends: AT_THE_GATE,
    },
  ),
  {
    ci: true,
    name: 'a stop that finds a decision left by a crash returns to the same wait',
    env: { SAMOCODE_CRASH_AT: 'after-iteration-ended@2' },
    act: async (rig) => {
      await rig.until(({ work }) => work !== undefined, { leaveDead: true });
      await rig.stop('now');
      await rig.until(({ status }) => status.kind === 'stopped');
      await rig.resume();
    },
    ends: AT_THE_GATE,
  },
  {
    name: 'a worker killed at the gate is restarted by the answer',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.killWorker();
      await rig.answer();
    },
    ends: 'waiting/plan_approval',
  },
  {
    ci: true,
    name: 'a torn last line of the log is removed and reported',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.killWorker();
      await appendFile(rig.paths.events, '{"v":1,"n":99,"type":"plan_app');
      await rig.answer();
    },
    ends: 'waiting/plan_approval',
  },
  {
    name: 'an invalid cached state changes nothing',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.killWorker();
      await writeFile(rig.paths.state, '{"n":1,"offset":3,"state":"nonsense"');
      await rm(rig.paths.now, { force: true });
      await rig.answer();
    },
    ends: 'waiting/plan_approval',
  },
  {
    ci: true,
    name: 'after deleted leases no number is used again',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.killWorker();
      await rm(rig.paths.leases, { recursive: true });
      await rig.answer();
    },
    ends: 'waiting/plan_approval',
    also: async (rig) => {
      const leases = (await rig.events()).map((event) => event.lease);
      expect(leases).toEqual([...leases].sort((a, b) => a - b));
      expect(new Set(leases).size).toBeGreaterThan(1);
    },
  },
  {
    name: 'an invalid lease file is skipped',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.killWorker();
      const [newest] = (await readdir(rig.paths.leases))
        .filter((name) => name.endsWith('.json'))
        .sort()
        .reverse();
      await writeFile(join(rig.paths.leases, newest ?? ''), 'nonsense');
      await rig.answer();
    },
    ends: 'waiting/plan_approval',
  },
  {
    name: 'a session folder deleted during a wait is created again',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.stop('now');
      await endOfWorker(rig);
      await rm(rig.paths.overview);
      await rig.resume();
    },
    ends: AT_THE_GATE,
  },
];

faultTable(rows);
