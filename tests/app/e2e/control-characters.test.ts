import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sendMessage } from '../../../src/core/acts/sessions/send-message.act.ts';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';

const RED = 'mind \u001b[31mthe\u001b[0m boats\u001b]0;owned\u0007';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\\u00(?:0[0-8b-f]|1|7f)/;

test(
  'escape sequences in a task, an answer, a message and feedback reach no file of the session',
  ci,
  async () => {
    await using rig = await startRig({ here: true, start: { task: `Name ${RED}` } });
    await rig.untilWaiting('qa_answers');
    await sendMessage({ session: rig.file.folder, text: RED }, rig.context());
    await rig.answer({ answers: [{ id: 'Q1', text: RED }], acceptSuggestions: true });
    await rig.untilWaiting('plan_approval');
    await rig.requestChanges(RED);
    await rig.until(({ status, n }) => status.kind === 'waiting' && n > 20);
    const { sessionDir, events, sessionFile, inboxRead } = rig.paths;
    const message = join(inboxRead, (await readdir(inboxRead))[0] ?? '');
    const files = [
      events,
      sessionFile,
      message,
      ...['_overview.md', '_qa.md', 'session.log'].map((name) => join(sessionDir, name)),
    ];
    const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    expect(files.filter((_, index) => CONTROLS.test(texts[index] ?? ''))).toEqual([]);
    expect(texts.filter((text) => text.includes('mind the boats'))).toHaveLength(5);
  },
);
