import { expect, test } from 'vitest';
import { ARCHIVED, ASKING, CREATED, LEFT, PREPARED } from '../../../core/unit/session/events.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig } from './server-rig.ts';

const STOPPED = { type: 'stopped', by: { channel: 'cli' }, why: 'on request' } as const;

test('sessions are listed by what they need, and those that need a person come first', async () => {
  await using rig = await makeServerRig();
  const [asking, away, resting] = ['26-01-06-asking', '26-01-07-away', '26-01-08-resting'];
  await rig.addSession(asking, [CREATED, PREPARED, ASKING]);
  await rig.addSession(away, [CREATED, PREPARED, STOPPED, ARCHIVED, LEFT]);
  await rig.addSession(resting, [CREATED, PREPARED, STOPPED]);
  const list = async (state?: string) => {
    const { json } = await askTool('list_sessions', state ? { state } : {}, rig.context);
    return {
      summary: json.summary,
      names: ((json.sessions ?? []) as { session: string }[]).map(({ session }) => session),
    };
  };
  expect(await list()).toEqual({
    summary: expect.stringMatching(/^2 sessions; one needs the user\. Read at 20..-..-..T..:..Z\.$/),
    names: [asking, resting],
  });
  expect((await list('needs_human')).names).toEqual([asking]);
  expect((await list('waiting')).names).toEqual([asking]);
  expect((await list('stopped')).names).toEqual([resting]);
  expect((await list('archived')).names).toEqual([away]);
  expect(await list('running')).toEqual({ summary: 'There are no such sessions.', names: [] });
});
