import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { readQaOf } from '../../../src/core/acts/gates/read-qa.act.ts';
import { workerReport } from '../../../src/core/caller/facts/worker-report.ts';
import { type Command, leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { doctor } from '../../../src/extensions/setup/doctor/doctor.ts';
import { endings, eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { first } from '../../support/scenario-rules.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { type FaultRow, faultTable } from './fault-row.ts';
import { projectionsOf } from './neutral-checks.ts';
import { childWorks } from './with-settings.ts';

const hangs = first({ act: 'hang' });
const FOUR_SECONDS = { TIMEOUT: '4' };

/** The result of the first row with a disk that is never full. */
async function untouched(): Promise<string> {
  await using rig = await startRig({ scenario: { rules: [...hangs, LOOKS_FIRST] }, lines: FOUR_SECONDS });
  await rig.untilWaiting('qa_answers');
  return await projectionsOf(rig);
}

/** A disk that is full from the start of an agent's work until `until` resolves. */
function fullWhile(until: (rig: SessionRig) => Promise<void>): Pick<FaultRow, 'env' | 'act'> {
  const isFull = join(tmpdir(), `samocode-full-${randomUUID()}`);
  return {
    env: { SAMOCODE_FAIL_AT: '*:ENOSPC', SAMOCODE_FAIL_WHILE: isFull },
    act: async (rig) => {
      await childWorks(rig, 1);
      await writeFile(isFull, '');
      try {
        await until(rig);
      } finally {
        await rm(isFull, { force: true });
      }
    },
  };
}

async function childIsGone(rig: SessionRig): Promise<void> {
  const pid = await rig.workerPid();
  await eventually(async () => (await rig.processesWithMark()).length === 0, {
    what: 'the end of the agent',
  });
  expect(await rig.workerPid()).toBe(pid);
  expect(await endings(rig)).toEqual([]);
}

async function leave(rig: SessionRig, request: Partial<Command>): Promise<string> {
  const id = ulid();
  const head = { v: 1, id, by: { channel: 'cli' }, at: new Date().toISOString() };
  await leaveCommand(rig.paths, { ...head, ...request } as Command);
  return id;
}

const stops: string[] = [];

/** Answers by a worker whose log, worker.stderr, lies on the full disk too, and waits until the report says why nothing happens. */
async function answerOnFullDisk(rig: SessionRig): Promise<void> {
  await rig.untilWaiting('qa_answers');
  await endOfWorker(rig);
  const { lease: before } = await rig.state();
  const isFull = join(tmpdir(), `samocode-full-${randomUUID()}`);
  const { hash } = await readQaOf(await rig.view());
  await leave(rig, { kind: 'answer', hash, answers: [], acceptSuggestions: true, confirmTyped: false });
  await writeFile(isFull, '');
  try {
    const words = [rig.program('worker'), rig.paths.sessionsDir, rig.paths.folder];
    const env = { ...rig.repo.env, SAMOCODE_FAIL_AT: '*:ENOSPC', SAMOCODE_FAIL_WHILE: isFull };
    const how = { env, stdio: 'ignore', detached: true } as const;
    spawn('sh', ['-c', 'exec "$0" "$@" 2>/dev/full', process.execPath, ...words], how).unref();
    const reported = async () => (await workerReport(await rig.view(), rig.context())).unwatched;
    await eventually(async () => (await reported())?.includes(`so ${rig.paths.folder} waits`), {
      what: 'a report of the disk',
    });
    expect((await doctor({ projectDir: rig.repo.path }, rig.context())).checks).toContainEqual(
      expect.objectContaining({ id: 'sessions.held_up', found: await reported() }),
    );
  } finally {
    await rm(isFull, { force: true });
  }
  const pid = await rig.workerPid();
  await rig.until(({ lease, answers }) => lease === before + 1 && answers.length > 0, { leaveDead: true });
  expect(await rig.workerPid()).toBe(pid);
  await eventually(async () => (await workerReport(await rig.view(), rig.context())).unwatched === undefined);
}

const rows: FaultRow[] = [
  {
    name: 'an agent is ended at its time limit even while the disk is full, and the limit is recorded afterwards',
    rules: hangs,
    lines: FOUR_SECONDS,
    ...fullWhile(childIsGone),
    ends: 'waiting/qa_answers',
    also: async (rig) => {
      expect(await endings(rig)).toEqual(['timeout', 'signalled', 'signalled']);
      expect(await projectionsOf(rig)).toBe(await untouched());
    },
  },
  {
    ci: true,
    name: 'an agent is ended by a stop even while the disk is full, and every command is answered once',
    rules: hangs,
    ...fullWhile(async (rig) => {
      stops.push(await leave(rig, { kind: 'message', text: 'For the next one.' }));
      stops.push(await leave(rig, { kind: 'stop', when: 'now' }));
      await childIsGone(rig);
    }),
    ends: 'stopped',
    also: async (rig) => {
      expect(await endings(rig)).toEqual(['killed']);
      const accepted = (await eventsOfType(rig, 'command_accepted')).map(({ id }) => id);
      expect(accepted.filter((id) => stops.includes(id)).toSorted()).toEqual(stops.toSorted());
    },
  },
  {
    ci: true,
    name: 'a worker whose own log is on the full disk waits, which status and doctor say, and goes on',
    from: 'questions',
    act: answerOnFullDisk,
    ends: 'waiting/plan_approval',
  },
];

faultTable(rows);
