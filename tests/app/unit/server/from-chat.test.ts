import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Form } from '../../../../src/core/caller/facts/form.ts';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { planned } from '../../../support/work-events.ts';
import { typed } from '../cli/typed.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

const QA = '# Q&A: Boats\n\n### Q1: Which harbour?\nA) Kiel\nB) Bergen\n\n**Answer:** _waiting_\n';
const PLAN = '# Plan: Boats\n\n## Phase 1: Name them\n- [ ] Name the first\n';
const DIVE = `# Dive: boats

## Summary
They have no names.

## From the chat
- Decided: names are those of rivers (turn 2); checked: src/names.ts has none
- Refused: numbers (turn 3); not checked

## Key Findings
1. \`src/names.ts:1\` is empty.
`;
const TOOK = 'names are those of rivers (turn 2)';
const CHAT = { from: 'Claude Code', id: 'c1', turns: 3, text: '# The chat\n' };

const PLAN_NAME = '01-08-1130-plan-boats.md';
const PLANNED = planned(PLAN_NAME, PLAN);

function answered(by: By): NewEvent {
  return { type: 'answers_recorded', by, answers: [{ id: 'Q1', question: 'x', text: 'A' }], open: [] };
}

let rig: ServerRig;
beforeAll(async () => {
  rig = await makeServerRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** A session that waits after these events, with the documents of its agents. */
async function session(name: string, events: readonly NewEvent[]): Promise<SessionPaths> {
  const paths = sessionPaths(rig.sessionsDir, `26-01-08-${name}`);
  await rig.addSession(paths.folder);
  const settings = { ...sessionFileSample().settings, gateChannels: [...CHANNELS] };
  const file = { mainRepo: rig.repo.path, chat: CHAT, settings };
  await writeEvents(paths, [CREATED, PREPARED, ...events], undefined, file);
  await writeFile(paths.qa, QA);
  await writeFile(
    join(paths.sessionDir, '01-08-1010-dive-old.md'),
    '## From the chat\n- Decided: an older dive\n',
  );
  await writeFile(join(paths.sessionDir, '01-08-1020-dive-boats.md'), DIVE);
  await writeFile(join(paths.sessionDir, PLAN_NAME), PLAN);
  return paths;
}

test('what the newest dive took from the chat is shown with the questions: to a chat, and to a person', async () => {
  const { folder } = await session('asks', [ASKING]);
  const { json } = await askTool('read_qa', { session: folder }, rig.context);
  expect(json).toMatchObject({
    from_chat: expect.stringContaining(TOOK),
    summary: expect.stringContaining('Show the user from_chat'),
  });
  expect(json.from_chat).not.toMatch(/Key Findings|older dive|They have no names/);
  const { stdout } = await typed(['answer', folder, '--show'], {
    home: rig.context.home,
    cwd: rig.repo.path,
  });
  expect(stdout).toMatch(
    /From the chat, as its agent read it:[\s\S]*rivers \(turn 2\)[\s\S]*Q1 +Which harbour\?/,
  );
});

test('the forms for answers and for approval quote it, and so does the command that approves', async () => {
  const shown: string[] = [];
  const ask = async ({ message }: Form) => {
    shown.push(message);
    return { kind: 'unanswered' } as const;
  };
  const asking = await session('asks-by-form', [ASKING]);
  await askTool('answer_qa', { session: asking.folder }, rig.context, { ask });
  const approving = await session('plans-by-form', [PLANNED]);
  await askTool('approve_plan', { session: approving.folder }, rig.context, { ask });
  const line = expect.stringMatching(/^From the chat: Decided: .*rivers \(turn 2\).* · Refused: numbers .*$/);
  // Some clients show only the first four lines.
  expect(shown.map((message) => message.split('\n').slice(0, 4))).toEqual([
    expect.arrayContaining([line]),
    expect.arrayContaining([line]),
  ]);
  const { stdout } = await typed(['approve', approving.folder], {
    home: rig.context.home,
    cwd: rig.repo.path,
  });
  expect(stdout).toContain(TOOK);
});

test.each<[string, NewEvent[], boolean]>([
  ['that asked nothing', [], true],
  ['whose suggestions were accepted at its start', [answered({ channel: 'cli', atStart: true })], true],
  ['without a gate for questions', [answered({ channel: 'settings' })], true],
  ['whose questions a person has answered', [answered({ channel: 'cli' })], false],
])(
  'the plan of a session %s shows it where the person has seen no gate before',
  async (name, before, isShown) => {
    const { folder } = await session(name.replaceAll(' ', '-'), [...before, PLANNED]);
    const { json } = await askTool('read_plan', { session: folder }, rig.context);
    const { stdout } = await typed(['plan', folder, '--no-pager'], {
      home: rig.context.home,
      cwd: rig.repo.path,
    });
    expect([String(json.from_chat).includes(TOOK), stdout.includes(TOOK)]).toEqual([isShown, isShown]);
    expect(json.text).toContain('Name the first');
  },
);

test('of a dive without such a section, its absence is shown; nothing of a session that began in no chat', async () => {
  const { folder } = await session('of-a-task', [ASKING]);
  const paths = sessionPaths(rig.sessionsDir, folder);
  await writeFile(
    join(paths.sessionDir, '01-08-1020-dive-boats.md'),
    '# Dive\n\n```\n## From the chat\n```\n',
  );
  const { json } = await askTool('read_qa', { session: folder }, rig.context);
  expect(json.from_chat).toBe('The agent wrote no section "From the chat".');
  await writeEvents(paths, [CREATED, PREPARED, ASKING], undefined, { mainRepo: rig.repo.path });
  await writeFile(join(paths.sessionDir, '01-08-1020-dive-boats.md'), DIVE);
  expect((await askTool('read_qa', { session: folder }, rig.context)).json).not.toHaveProperty('from_chat');
});

test('a section of any length is shown up to a limit', async () => {
  const { folder, sessionDir } = await session('long', [ASKING]);
  await writeFile(
    join(sessionDir, '01-08-1020-dive-boats.md'),
    `## From the chat\n${'- Decided: a river\n'.repeat(9000)}`,
  );
  const { json } = await askTool('read_qa', { session: folder }, rig.context);
  expect(String(json.from_chat).length).toBeLessThanOrEqual(4000);
});
