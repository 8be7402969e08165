import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readOverview } from '../../../../src/core/session/documents/overview.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ASKING, CREATED, PREPARED } from '../session/events.ts';

const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'x' };
const CLOSED: NewEvent = { type: 'notice', code: 'gate_closed', text: 'x' };
const SPENT: NewEvent = { type: 'notice', code: 'x', text: 'x' };
const REWOUND: NewEvent = { type: 'rewind_failed', to: 1, code: 'x', reason: 'x' };
const TO_PLANNING: NewEvent = { type: 'phase_set', phase: 'planning', from: 'investigation' };

/** A session whose overview has its phase line, and its worker. */
async function prepared() {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const projector = new Projector(paths, sessionFileSample());
  let state = emptyState();
  const record = async (...events: NewEvent[]) => {
    const at = '2026-01-08T10:00:00.000Z';
    const numbered = events.map(
      (event, i) => ({ v: 2, n: state.n + 1 + i, at, lease: 1, ...event }) as SessionEvent,
    );
    state = numbered.reduce(fold, state);
    await projector.apply(state, numbered);
  };
  await record(CREATED, PREPARED);
  return {
    paths,
    record,
    phase: async () => readOverview(await readFile(paths.overview, 'utf8')).phase,
    async setPhase(phase: string) {
      const text = await readFile(paths.overview, 'utf8');
      await writeFile(paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${phase}`));
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test.each<[string, NewEvent]>([
  ['parked', ASKING],
  ['stopped', STOPPED],
  ['a notice', SPENT],
])('a phase that a person sets before %s is recorded is kept', async (_, event) => {
  await using session = await prepared();
  await session.setPhase('requirements');
  await session.record(event);
  expect(await session.phase()).toBe('requirements');
});

test.each<[string, NewEvent, string]>([
  ['another phase was set', TO_PLANNING, 'planning'],
  ['the gate was closed', CLOSED, 'investigation'],
  ['a rewind failed', REWOUND, 'investigation'],
])('the phase line of the overview is rewritten after %s', async (_, event, phase) => {
  await using session = await prepared();
  await session.setPhase('requirements');
  await session.record(event);
  expect(await session.phase()).toBe(phase);
});

test('the phase line of a deleted overview is written again', async () => {
  await using session = await prepared();
  await rm(session.paths.overview);
  await session.record(ASKING);
  expect(await session.phase()).toBe('investigation');
});
