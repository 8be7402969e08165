import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { readOverview } from '../../../../src/core/session/documents/overview.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { serialiseEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, PREPARED } from '../session/events.ts';

const flowNotice = (flow: string): NewEvent => ({ type: 'notice', code: 'x', text: flow, flow });
const ended = (iteration: number): NewEvent => ({
  type: 'iteration_ended',
  iteration,
  phase: 'investigation',
  ending: 'signalled',
  exitCode: 0,
  signal: { status: 'continue', phase: 'investigation', summary: 'x'.repeat(900) },
  signalNotes: [],
  decision: { kind: 'run', phase: 'investigation', notes: [], delay: 'none' },
  changed: true,
  treeChanged: true,
  cost: {},
  durationMs: 1,
  flowLines: [],
});

/** A session, and workers that record events and update the documents one after the other. */
async function session() {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(dirname(paths.events), { recursive: true });
  let state = emptyState();
  const worker = () => {
    const projector = new Projector(paths, sessionFileSample());
    return {
      catchUp: () => projector.catchUp(state),
      async record(...events: NewEvent[]) {
        const before = state.n;
        const numbered = events.map((event, i) => {
          const at = new Date(Date.UTC(2026, 0, 8, 10, before + i)).toISOString();
          return { v: 2, n: before + 1 + i, at, lease: 1, ...event } as SessionEvent;
        });
        state = numbered.reduce(fold, state);
        await appendFile(paths.events, numbered.map(serialiseEvent).join(''));
        await projector.apply(state, numbered);
      },
    };
  };
  return {
    paths,
    worker,
    flow: async () => readOverview(await readFile(paths.overview, 'utf8')).flow,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a line that the last worker could not write is added, even if an identical one exists', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED, flowNotice('again'));
  const written = await readFile(at.paths.overview);
  await worker.record(flowNotice('again'));
  await writeFile(at.paths.overview, written);
  await at.worker().catchUp();
  expect(await at.flow()).toEqual([expect.stringMatching(/again$/), expect.stringMatching(/again$/)]);
});

test('history lines are not repeated when session.log was emptied, however long the history is', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED);
  for (let iteration = 1; iteration <= 120; iteration += 1) await worker.record(ended(iteration));
  const before = await readFile(at.paths.history, 'utf8');
  expect(before.length).toBeGreaterThan(100_000);
  await truncate(at.paths.sessionLog);
  await at.worker().catchUp();
  expect(await readFile(at.paths.history, 'utf8')).toBe(before);
});

test('a history line that the last worker could not write is added', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED, ended(1));
  const before = await readFile(at.paths.history, 'utf8');
  await worker.record(ended(2));
  const after = await readFile(at.paths.history, 'utf8');
  await truncate(at.paths.history, before.length);
  await at.worker().catchUp();
  expect(await readFile(at.paths.history, 'utf8')).toBe(after);
});

const kept = (id: string, text: string): NewEvent => ({
  type: 'message_kept',
  by: { channel: 'cli' },
  id,
  file: `01-08-1000-${id}.md`,
  flow: `Message from the human: ${text}`,
});
const withdrawn = (id: string): NewEvent => ({
  type: 'message_withdrawn',
  by: { channel: 'cli' },
  id,
  flow: `Message withdrawn by the human: ${id}`,
});

test('the flow log loses the text of a withdrawn message, also where it is written again or rewound', async () => {
  await using given = await session();
  const { record } = given.worker();
  await record(CREATED, PREPARED, kept('M1', 'Sink the boats'), kept('M2', 'Mind the boats'));
  const before = await readFile(given.paths.overview, 'utf8');
  expect(before).toContain('Sink the boats');
  const expected = [
    expect.stringContaining('Message from the human: Mind the boats'),
    expect.stringContaining('Message withdrawn by the human: M1'),
  ];
  await record(withdrawn('M1'));
  expect((await given.flow()).slice(-2)).toEqual(expected);
  await given.worker().catchUp();
  expect((await given.flow()).slice(-2)).toEqual(expected);
  await rm(given.paths.overview);
  await record({ type: 'notice', code: 'x', text: 'x' });
  expect((await given.flow()).slice(-2)).toEqual(expected);

  await writeFile(given.paths.overview, before);
  await record({ type: 'rewound', to: 1, undo: { ref: 'r', commit: 'c' }, leftOut: [] });
  expect((await given.flow()).join()).not.toContain('Sink the boats');
});
