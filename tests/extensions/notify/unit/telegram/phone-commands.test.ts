import { expect, test } from 'vitest';
import { readSession } from '../../../../../src/core/session/folder/read-session.ts';
import { statusDraft } from '../../../../../src/extensions/notify/telegram/phone-commands.ts';
import { plainLog } from '../../../../support/event-samples.ts';
import { makeProject } from '../../../../support/project.ts';
import { outboxScene } from '../outbox-scene.ts';

test.each([
  ['full', false, true],
  ['titles', true, false],
])(
  'with the detail %s, /status says what is wrong with files of a session: %s',
  async (_, isBrief, isShown) => {
    await using here = await outboxScene();
    const { context, repo } = await makeProject();
    await using _repo = repo;
    const view = await readSession(
      await here.session('s', { events: plainLog(2), startMs: here.startMs }),
      context.host,
    );
    if (view === undefined) throw new Error('There is no session.');
    const problem = 'line 3 of /home/me/app/_qa.md';
    const draft = await statusDraft({ ...view, problems: [problem] }, { ...context, isBrief });
    expect(JSON.stringify(draft).includes('/home/me')).toBe(isShown);
  },
);
