import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import {
  ARCHIVED,
  ASKING,
  BLOCKED,
  CREATED,
  DONE,
  LEFT,
  PREPARED,
} from '../../../core/unit/session/events.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { DIED, STARTED } from '../../../support/work-events.ts';
import { typed } from '../cli/typed.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig } from './server-rig.ts';

const BY = { channel: 'cli' } as const;
const MESSAGE: NewEvent = { type: 'message_kept', by: BY, id: '01J', file: 'x.md' };

const SESSIONS: Readonly<Record<string, readonly NewEvent[]>> = {
  asks: [CREATED, PREPARED, ASKING],
  'is blocked': [CREATED, PREPARED, BLOCKED],
  'is stopped': [CREATED, PREPARED, { type: 'stopped', by: BY, why: 'on request' }],
  'has a message': [CREATED, PREPARED, MESSAGE, ASKING],
  'is done': [CREATED, PREPARED, DONE],
  'is proved': provedEvents({}),
  'is archived': [CREATED, PREPARED, DONE, ARCHIVED, LEFT],
  'has no worker': [CREATED, PREPARED, STARTED],
  'loses each worker': [CREATED, PREPARED, STARTED, DIED, DIED, DIED],
};

/** Not about the session: the calls, which are commands in a terminal, and what has changed since the last call. */
const OF_CALLS = new Set(['next', 'changed', 'happened']);

test.each(Object.entries(SESSIONS))(
  'of a session that %s, --json has each field of the results of tools, with the same value',
  async (_, events) => {
    await using rig = await makeServerRig();
    await rig.addSession('26-01-08-boat', events, { startMs: systemClock.now() });
    const env = { SAMOCODE_SUPERVISOR: 'off' };
    const place = { cwd: rig.repo.path, home: rig.repo.homeDir, env };
    const json = async (...argv: string[]) => JSON.parse((await typed([...argv, '--json'], place)).stdout);
    const actions = { ...rig.context, env: { ...rig.context.env, ...env } };
    const tool = async (name: string, args: object) => (await askTool(name, { ...args }, actions)).json;
    const isArchived = events.includes(ARCHIVED);
    const status = await json('status', 'boat');
    const waited = await json('wait', 'boat');
    const [listed] = (await json('list', ...(isArchived ? ['--archived'] : []))).sessions;
    const { sessions } = await tool('list_sessions', isArchived ? { state: 'archived' } : {});
    const [row] = sessions as { since: string }[];
    const ofRow = { ...row, since: expect.stringContaining(row?.since.slice(0, -1) ?? '-') };
    const results: [object, object][] = [
      [status, await tool('get_status', { session: 'boat' })],
      [waited, await tool('wait', { session: 'boat', cursor: '0', timeout_s: 0 })],
      [waited, await tool('wait', { sessions: ['boat'], timeout_s: 0 })],
      [listed, ofRow],
    ];
    for (const [printed, result] of results) {
      const facts = Object.entries(result).filter(([name]) => !OF_CALLS.has(name));
      expect(facts.length).toBeGreaterThan(2);
      expect(printed).toMatchObject(Object.fromEntries(facts));
    }
  },
);
