// Writes the messages of docs/telegram.png as a page: tsx scripts/telegram-picture.ts > page.html, then
// chromium --headless --screenshot=docs/telegram.png --window-size=450,1022 page.html
import './hand-over.ts';

import type { Notification } from '../src/extensions/notify/notice/notification.ts';
import { toHtml } from '../src/extensions/notify/telegram/message-text.ts';
import { type Draft, draftsOf } from '../src/extensions/notify/telegram/render.ts';

const base: Notification = {
  id: '01KEE000000000000000000000:12',
  at: '2026-01-08T12:00:00.000Z',
  kind: 'waiting',
  needsPerson: true,
  session: '26-01-08-boat-names',
  sessionsDir: '/sessions',
  project: 'harbour',
  title: '26-01-08-boat-names waits for 2 answers',
  body: '',
};
const question = (number: number, text: string, options: string[], suggested: string, reason: string) => ({
  ...{ id: `Q${number}`, round: 1, number, text },
  options: options.map((words, at) => ({ letter: 'ABC'.charAt(at), text: words })),
  suggestion: { letters: [suggested], reason },
});
const asking: Notification = {
  ...base,
  questions: [
    question(
      1,
      'May two boats have the same name?',
      ['No, names are unique', 'Yes'],
      'A',
      'the list shows names alone',
    ),
    question(
      2,
      'Where are names kept?',
      ['In boats.json', 'In a file per boat', 'In the environment'],
      'B',
      '',
    ),
  ],
};
const planned: Notification = {
  ...base,
  title: '26-01-08-boat-names waits for approval of its plan',
  plan: {
    name: '01-08-plan-boat-names.md',
    path: '',
    hash: '5f0c91d2',
    summary: 'Boat names\n1. Names\n2. List',
  },
};
const answered: Draft = {
  lines: [
    { text: '✔ Answered by a person, in the terminal: Q1 A', isBold: true },
    { text: '' },
    { text: 'Q1: May two boats have the same name?' },
  ],
};
const blocked: Notification = {
  ...base,
  kind: 'blocked',
  title: '26-01-08-oars is blocked and needs you',
  body: 'npm test cannot start.\nNeeds: a person',
};

function shown({ lines, buttons = [], document }: Draft): string {
  const file = document ? `<div class="file">${document.name}</div>` : '';
  const rows = buttons.map(
    (row) => `<div class="row">${row.map(({ text }) => `<i>${text}</i>`).join('')}</div>`,
  );
  return `<div class="message">${file}${toHtml(lines).replaceAll('\n', '<br>')}</div>${rows.join('')}`;
}

const drafts = [...draftsOf(asking), answered, ...draftsOf(planned), ...draftsOf(blocked)];
process.stdout.write(`<!doctype html><meta charset="utf-8"><style>
body { background: #8aabc4; font: 15px/1.35 "DejaVu Sans", sans-serif; margin: 10px; width: 430px }
.message { background: #fff; border-radius: 10px; padding: 8px 12px; margin-top: 9px; overflow-wrap: anywhere }
.row { display: flex; gap: 4px; margin-top: 4px }
i { flex: 1; background: #5d86a6; color: #fff; border-radius: 8px; padding: 7px; text-align: center; font-style: normal }
.file { background: #e3eef7; border-radius: 6px; padding: 8px; margin-bottom: 6px }
.file::before { content: "▤ " }
</style>${drafts.map(shown).join('')}`);
