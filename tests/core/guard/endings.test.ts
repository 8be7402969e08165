import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { endings, eventsOfType, recoveries } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { shell } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import daemoniser from '../difficult-children/daemoniser.json' with { type: 'json' };
import forker from '../difficult-children/forker.json' with { type: 'json' };
import hanger from '../difficult-children/hanger.json' with { type: 'json' };
import { AT_THE_GATE, type FaultRow, faultTable } from '../faults/fault-row.ts';
import { childWorks } from '../faults/with-settings.ts';
import { first, guardedRow } from './guarded-row.ts';
import { isUp, REPORT_NAMESPACE, REPORTS_NAMESPACE } from './survivors.ts';

/** A scenario's rule, with an agent that reports its namespace first. */
const reporting = ({ rules }: { rules: Array<{ do: object[] }> }) =>
  rules.map((rule) => ({ ...rule, do: [REPORTS_NAMESPACE, ...rule.do] }));

/** All processes that are hard to end, at once. */
const DIFFICULT = [
  { act: 'ignore-term' },
  { act: 'leave', count: 2 },
  { act: 'leave', count: 2, setsid: true, ignoreTerm: true, scrubEnv: true },
  {
    act: 'leave',
    ...{ setsid: true, ignoreTerm: true, scrubEnv: true },
    command: ['sh', '-c', `sleep 60; echo '{}' >"$(ls -d ../../sessions/2*/)_signal.json"`],
  },
  shell(`(setsid env -i sh -c "trap '' TERM; sleep 600; :" &); sleep 600 | sleep 600 &`),
  shell(`sh -c 'kill -STOP $$; sleep 600' & true`),
  shell('touch "$HOME/.cache/up"'),
];

/** An agent that records SIGTERM in its worktree, and exits by itself. */
const POLITE = `${REPORT_NAMESPACE}
import { writeFileSync } from 'node:fs';
if (process.env.SAMOCODE_ITERATION === '1') {
  process.on('SIGTERM', () => { writeFileSync('heard', 'TERM\\n'); process.exit(0); });
  appendFileSync(process.env.HOME + '/.cache/up', 'up\\n');
  console.log(JSON.stringify({ type: 'system', subtype: 'init' }));
  await new Promise(() => setInterval(() => {}, 1000));
}
export default { paceMs: 0, rules: [] };
`;

async function gotSigterm(rig: SessionRig): Promise<void> {
  const worktree = join(rig.file.worktreesDir, rig.file.folder);
  expect(await readFile(join(worktree, 'heard'), 'utf8')).toBe('TERM\n');
}

const endedFirst =
  (expected: object, also?: (rig: SessionRig) => Promise<void>) =>
  async (rig: SessionRig): Promise<void> => {
    expect((await eventsOfType(rig, 'iteration_ended'))[0]).toMatchObject(expected);
    await also?.(rig);
  };

const polite: FaultRow[] = [
  guardedRow(
    { timeLimitMs: 3000 },
    {
      name: 'at its time limit an agent in the guard may end by itself',
      module: POLITE,
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'timeout', exitCode: 0 }, gotSigterm),
    },
  ),
  guardedRow(
    {},
    {
      name: 'at a stop an agent in the guard may end by itself',
      module: POLITE,
      sparesWorker: true,
      act: async (rig) => {
        await isUp(rig);
        await rig.stop('now');
      },
      ends: 'stopped',
      also: endedFirst({ exitCode: 0 }, gotSigterm),
    },
  ),
  guardedRow(
    {},
    {
      name: 'the exit status of an agent in the guard is recorded',
      rules: first({ act: 'exit', code: 7 }),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'crashed', exitCode: 7 }),
    },
  ),
  guardedRow(
    {},
    {
      name: 'an agent in the guard that ends with 1, as the guard itself does when it fails, counts as having run',
      rules: first({ act: 'exit', code: 1 }),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'crashed', exitCode: 1 }),
    },
  ),
  guardedRow(
    {},
    {
      name: 'an agent in the guard that is killed is retried',
      rules: first({ act: 'kill-self' }),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'crashed', exitCode: 137 }),
    },
  ),
];

const difficult: FaultRow[] = [
  guardedRow(
    { timeLimitMs: 4000 },
    {
      name: 'all processes that are hard to end are gone after a time limit',
      rules: first(...DIFFICULT, { act: 'hang' }),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'timeout' }),
    },
  ),
  guardedRow(
    {},
    {
      name: 'all processes that are hard to end are gone after a stop',
      rules: first(...DIFFICULT, { act: 'hang' }),
      sparesWorker: true,
      act: async (rig) => {
        await isUp(rig);
        await rig.stop('now');
      },
      ends: 'stopped',
    },
  ),
  guardedRow(
    {},
    {
      name: 'all processes that are hard to end are gone when their agent exits',
      rules: first(...DIFFICULT, { act: 'normal' }),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'signalled' }),
    },
  ),
  guardedRow({}, { name: 'forker.json leaves no process', rules: reporting(forker), ends: AT_THE_GATE }),
  guardedRow(
    {},
    {
      name: 'the daemons of daemoniser.json are ended before they forge',
      rules: reporting(daemoniser),
      // Run while another agent works.
      before: async () => undefined,
      ends: AT_THE_GATE,
      also: async (rig) => {
        for (const path of [rig.paths.signal, rig.paths.qa, rig.paths.overview])
          expect(await readFile(path, 'utf8')).not.toMatch(/forged|^\*\*Answer:\*\* A$|Phase: done/m);
      },
    },
  ),
  guardedRow(
    { timeLimitMs: 3000 },
    {
      name: 'hanger.json is ended at its time limit',
      rules: reporting(hanger),
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'timeout' }),
    },
  ),
];

const reattached: FaultRow[] = [
  guardedRow(
    {},
    {
      name: 'an agent in the guard whose worker is killed is adopted and ends as before',
      rules: first({ act: 'sleep', ms: 3000 }, { act: 'normal' }),
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
      },
      ends: AT_THE_GATE,
      also: endedFirst({ iteration: 1, ending: 'signalled', exitCode: 0 }, async (rig) => {
        expect(await recoveries(rig)).toContain('adopt');
        expect(await endings(rig)).toHaveLength(1);
      }),
    },
  ),
  guardedRow(
    { timeLimitMs: 6000 },
    {
      name: 'the time limit of an adopted agent in the guard ends it with SIGTERM first',
      module: POLITE,
      act: async (rig) => {
        await isUp(rig);
        await rig.killWorker();
      },
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'timeout', exitCode: 0 }, async (rig) => {
        await gotSigterm(rig);
        expect(await recoveries(rig)).toContain('adopt');
      }),
    },
  ),
  guardedRow(
    { timeLimitMs: 8000 },
    {
      name: 'all processes that are hard to end are gone after the time limit of an adopted agent',
      rules: first(...DIFFICULT, { act: 'hang' }),
      act: async (rig) => {
        await isUp(rig);
        await rig.killWorker();
      },
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'timeout' }),
    },
  ),
  guardedRow(
    {},
    {
      name: 'the iteration of an agent in the guard that ends while no worker runs is finished by the next one',
      rules: first(
        { act: 'leave', setsid: true, ignoreTerm: true },
        { act: 'sleep', ms: 2500 },
        { act: 'normal' },
      ),
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await eventually(async () => (await rig.processesWithMark()).length === 0, { what: 'its end' });
      },
      ends: AT_THE_GATE,
      also: endedFirst({ ending: 'signalled', exitCode: 0 }, async (rig) =>
        expect(await recoveries(rig)).toContain('finish'),
      ),
    },
  ),
];

faultTable([...polite, ...difficult, ...reattached], { sandbox: 'guard' });
