import { readlinkSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { procTable } from '../../../src/core/kernel/processes/process-table.ts';
import { endings } from '../../support/events-of.ts';
import { shell } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { readChildRecordAt } from '../faults/child-record.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from '../faults/fault-row.ts';
import { locksNamed, personCommits } from '../faults/persons-commit.ts';
import { changeSettings, withSettings } from '../faults/with-settings.ts';
import { type Behaviour, type FakeBwrap, fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';
import { first, guardedRow } from './guarded-row.ts';
import { isUp, namespacesOf, REPORTS_NAMESPACE } from './survivors.ts';

/** Agents that leave processes that are hard to end, and then hang. */
const HANGS = first(
  { act: 'leave', count: 2, setsid: true, ignoreTerm: true, scrubEnv: true },
  shell(`(setsid env -i sh -c "trap '' TERM; sleep 600; :" &)`),
  shell('touch "$HOME/.cache/up"'),
  { act: 'hang' },
);

/** The wrapper, the guard outside, and the guard's first process inside. */
async function chainOf(rig: SessionRig): Promise<[number, number, number]> {
  const wrapper = (await readChildRecordAt(rig, 1)).pid;
  const all = await procTable().list();
  const below = (pid: number) => all.find(({ ppid }) => ppid === pid)?.pid ?? 0;
  const outside = below(wrapper);
  return [wrapper, outside, below(outside)];
}

async function blockOf(rig: SessionRig): Promise<string> {
  const { status } = await rig.state();
  if (status.kind !== 'blocked') throw new Error(`It is ${status.kind}.`);
  return status.reason;
}

const commits = guardedRow(
  {},
  {
    name: "a person's commit whose editor is open when an agent in the guard ends keeps its lock and succeeds",
    ...personCommits(REPORTS_NAMESPACE),
    ends: AT_THE_GATE,
    also: async (rig) => expect(await locksNamed(rig)).toEqual([]),
  },
);

const killed: FaultRow[] = (['the wrapper', 'the guard outside', 'the first process inside'] as const).map(
  (what, index) =>
    guardedRow(
      {},
      {
        name: `after ${what} is killed, every process inside ends, and another agent runs`,
        rules: HANGS,
        sparesWorker: true,
        act: async (rig) => {
          await isUp(rig);
          process.kill((await chainOf(rig))[index] ?? 0, 'SIGKILL');
        },
        ends: AT_THE_GATE,
        also: async (rig) => expect((await endings(rig)).slice(0, 2)).toEqual(['crashed', 'signalled']),
      },
    ),
);

const workers: FaultRow[] = [
  guardedRow(
    { timeLimitMs: 8000 },
    {
      name: 'after the worker is killed, the agent keeps running in its guard until its time limit',
      rules: HANGS,
      act: async (rig) => {
        await isUp(rig);
        const before = await chainOf(rig);
        await rig.killWorker();
        await rig.launch();
        await rig.until(({ lease }) => lease > 1);
        expect(await chainOf(rig)).toEqual(before);
      },
      ends: AT_THE_GATE,
      also: async (rig) => expect((await endings(rig))[0]).toBe('timeout'),
    },
  ),
  guardedRow(
    {},
    {
      name: 'after worker and wrapper are killed, no process survives',
      rules: HANGS,
      act: async (rig) => {
        await isUp(rig);
        const [wrapper] = await chainOf(rig);
        await rig.killWorker();
        process.kill(wrapper, 'SIGKILL');
      },
      ends: AT_THE_GATE,
      also: async (rig) => expect((await endings(rig))[0]).toBe('crashed'),
    },
  ),
];

const fakes: FakeBwrap[] = [];

afterAll(() => {
  for (const fake of fakes) fake[Symbol.dispose]();
});

/** A row on a machine with this state of bubblewrap when it continues. */
function withBwrap(behaviour: Behaviour, make: (fake: FakeBwrap) => FaultRow): FaultRow {
  const fake = fakeBwrap(behaviour);
  fakes.push(fake);
  const row = make(fake);
  return { from: 'rest', sparesWorker: true, ...row, env: { ...row.env, ...fake.env } };
}

const neverRan = async (rig: SessionRig) => {
  expect(await rig.processesWithMark()).toEqual([]);
  expect((await rig.state()).progress.counted.investigation).toBe(0);
};

const machines: FaultRow[] = [
  withBwrap('refused', () =>
    withSettings(
      {},
      {
        name: "a session that must run in the guard blocks if the kernel refuses it, with the kernel's message and the fix",
        ends: 'blocked/sandbox_lower',
        also: async (rig) => {
          await neverRan(rig);
          expect(await blockOf(rig)).toContain('would continue with "none"');
          expect(await blockOf(rig)).toContain(NO_NAMESPACES);
          expect(await blockOf(rig)).toContain('docs/security.md');
        },
      },
    ),
  ),
  withBwrap('refused', (fake) =>
    guardedRow(
      {},
      {
        name: 'a session that is blocked for its guard continues in the guard once a person has fixed it and resumed',
        rules: first({ act: 'normal' }),
        sparesWorker: true,
        act: async (rig) => {
          await rig.until(({ status }) => status.kind === 'blocked');
          fake.behaves('sound');
          await rig.resume();
        },
        ends: AT_THE_GATE,
        also: async (rig) => {
          const resumed = (await rig.events()).filter((event) => event.type === 'resumed').at(-1);
          expect(resumed).not.toMatchObject({ sandbox: 'none' });
        },
      },
    ),
  ),
  withBwrap('refused', (fake) =>
    withSettings(
      {},
      {
        name: 'a session that is blocked for its guard continues without it if a person resumes it in a terminal, but not if a model does',
        rules: [{ when: {}, do: [REPORTS_NAMESPACE, { act: 'normal' }] }],
        sparesWorker: true,
        act: async (rig) => {
          await rig.until(({ status }) => status.kind === 'blocked');
          const model = rig.context('tool');
          const byModel = resumeSession(
            { session: rig.file.folder },
            { ...model, env: { ...model.env, ...fake.env } },
          );
          await expect(byModel).rejects.toMatchObject({ code: 'needs_person' });
          await neverRan(rig);
          await rig.resume({}, fake.env);
        },
        ends: AT_THE_GATE,
        also: async (rig) => {
          expect(await namespacesOf(rig)).toContain(readlinkSync('/proc/self/ns/pid'));
          expect((await rig.state()).sandbox).toBe('none');
        },
      },
    ),
  ),
  withBwrap('hangs', () =>
    withSettings(
      {},
      {
        name: 'a guard that hangs in its probe counts as none',
        ends: 'blocked/sandbox_lower',
        also: async (rig) => {
          await neverRan(rig);
          expect(await blockOf(rig)).toContain('did not answer within 10 s');
        },
      },
    ),
  ),
  withBwrap('hangs after the probe', () =>
    withSettings(
      { watch: { firstByteMs: 1000 }, maxRetries: 2 },
      {
        name: 'a guard that hangs at the start of agents is ended like a silent agent, and blocks',
        ends: 'blocked/timeouts',
        also: async (rig) => {
          expect(await rig.processesWithMark()).toEqual([]);
          expect(await endings(rig)).toEqual(['timeout', 'timeout', 'timeout']);
        },
      },
    ),
  ),
  withBwrap('refused after the probe', () =>
    withSettings(
      { maxRetries: 2 },
      {
        name: "if namespaces run out when an agent starts, the kernel's message is shown, and no retry is used up",
        ends: 'blocked/retries',
        also: async (rig) => {
          await neverRan(rig);
          expect(await endings(rig)).toEqual(['not_started', 'not_started', 'not_started']);
          expect(await blockOf(rig)).toContain(`The guard did not start the agent: bwrap: ${NO_NAMESPACES}`);
          expect((await rig.state()).cost.usd ?? 0).toBe(0);
        },
      },
    ),
  ),
  withBwrap('refused after the probe', (fake) =>
    guardedRow(
      {},
      {
        ci: true,
        name: 'an agent that the guard did not start is started again once the guard works',
        rules: [{ when: {}, do: [...(first()[0]?.do ?? []), { act: 'normal' }] }],
        sparesWorker: true,
        act: async (rig) => {
          await rig.until(({ progress }) => progress.failureCounts.failures > 0);
          fake.behaves('sound');
        },
        ends: AT_THE_GATE,
        also: async (rig) => expect((await endings(rig))[0]).toBe('not_started'),
      },
    ),
  ),
];

machines.push(
  withBwrap('gone', () =>
    withSettings(
      { sandbox: 'auto' },
      {
        name: 'a session that started in the guard with SANDBOX=auto blocks if there is no guard any more',
        ends: 'blocked/sandbox_lower',
        also: neverRan,
      },
    ),
  ),
  withBwrap('sound', (fake) =>
    withSettings(
      { maxRetries: 2 },
      {
        name: 'a bubblewrap that is removed while a worker runs starts no agent, inside or outside',
        rules: [{ when: {}, do: [REPORTS_NAMESPACE, { act: 'exit', code: 1 }] }],
        before: (rig) => changeSettings(rig, { retryDelayMs: 1500 }),
        sparesWorker: true,
        act: async (rig) => {
          await rig.until(({ progress }) => progress.failureCounts.failures > 0);
          fake.behaves('gone');
        },
        ends: 'blocked/sandbox_lower',
        also: async (rig) => {
          // Removed before or after the look that precedes the next agent.
          expect((await endings(rig)).join()).toMatch(/^crashed(,not_started)?$/);
          expect(await namespacesOf(rig)).toHaveLength(1);
          expect(await blockOf(rig)).toContain('would continue with "none"');
        },
      },
    ),
  ),
);

faultTable([commits, ...killed, ...workers, ...machines], { sandbox: 'guard' });
